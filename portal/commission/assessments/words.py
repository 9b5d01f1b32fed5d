"""Words of the desk's codes, as keys of the catalogues. The domain's own words stand in letters; these stand on screens."""

RATINGS = {"good": "可", "fix": "要修正", "improve": "改善余地", "none": "該当なし"}
OUTCOMES = {
    "approve": "承認",
    "approve_with_notes": "留意事項を付けて承認",
    "return": "返却",
    "advise": "指導・助言",
}
OCCASIONS = {"first": "新規", "again": "再実施", "amended": "修正", "ended": "事務の終了"}
KIND_NAMES = {"basic": "基礎項目評価", "focused": "重点項目評価", "full": "全項目評価"}
