"""Plain words beside the legal ones, and the closed lists a step may be given. The texts are keys of the catalogues."""

from __future__ import annotations

KINDS = {
    "basic": "基礎項目評価",
    "focused": "重点項目評価（と基礎項目評価）",
    "full": "全項目評価（と基礎項目評価）",
}
SHORT_KINDS = {"basic": "基礎項目", "focused": "重点項目", "full": "全項目"}
OWED = {
    "none": "義務なし（任意で実施可）",
    "basic": "基礎項目評価",
    "focused": "重点項目評価（と基礎項目評価）",
    "full": "全項目評価（と基礎項目評価）",
}
STAGES = {
    "plan": "計画",
    "writing": "作成",
    "opinions": "意見を聴く・見直す",
    "review": "点検・審査",
    "submitted": "提出済み",
    "public": "公表中",
    "changing": "修正・再実施",
    "ended": "終わったもの",
}
FORMS = {"form2": "様式2 基礎項目評価書", "form3": "様式3 重点項目評価書", "form4": "様式4 全項目評価書"}
PURPOSES = {
    "consultation": "公示（意見を聴く）",
    "third_party": "第三者点検に出したもの",
    "submission": "委員会に提出したもの",
    "publication": "公表したもの",
}
ROLES = {"clerk": "業務主管課の担当者", "supervisor": "決裁者", "coordinator": "取りまとめ課"}

# What a step means, in plain words. The legal word is the step's own label.
PLAIN = {
    "judge": "人数などを答えると、必要な評価の種類が分かります。",
    "rejudge": "人数などが変わったときに、もう一度判断します。",
    "begin": "評価書を書き始めます。担当者が各様式に書けるようになります。",
    "invoke_emergency": "災害などでやむを得ないときに、評価より先に保有や変更を始めます。あとで速やかに評価します。",
    "confirm": "庁内で決めた確認を、順番に行います。",
    "send_back": "直してほしいところを示して、書き手に戻します。それまでの庁内の確認は、やり直しになります。",
    "consult": "評価書の案を公開して、だれでも意見を書けるようにします。期間中は書き換えられません。",
    "send_to_third_party": "見直した評価書を、専門家などに点検してもらいます。非公表の部分も見せます。",
    "third_party_result": "点検の結果を受けて、先へ進むか、見直しに戻ります。",
    "revise_again": "提出の前に、もう一度書き直します。",
    "ask_approval": "個人情報保護委員会に、評価書の承認を求めます。",
    "submit": "評価書と計画管理書を、個人情報保護委員会に出します。出した内容は固定されます。",
    "publish": "評価書を公開します。非公表とした部分は除かれます。公表すると、情報連携が使えるようになります。",
    "schedule_publication": "公表する日を決めておくと、その日に自動で公表されます。",
    "review": "1年に1度、今の書きぶりが実際と合っているかを見直した記録を残します。",
    "amend": "重要な変更ではない直しを始めます。公表中の版は、そのまま読めます。",
    "submit_amended": "直した評価書と変更箇所の表を、委員会に出します。",
    "publish_amended": "直した評価書を、新しい版として公表します。",
    "reassess": "重要な変更の前、または5年になる前に、評価の手続をはじめからやり直します。",
    "give_up_change": "始めた修正や再実施をやめます。公表中の版は変わりません。",
    "hand_over": "しきい値判断で種類が変わったとき、新しい種類の手続に移します。",
    "end": "事務をやめたことを記録し、委員会に届け出ます。評価書は、その後も3年は公表し続けます。",
    "drop": "計画をやめます。この評価書の手続は終わり、元に戻せません。",
}
# Steps that cannot be taken back, or that the public sees at once: asked twice.
GRAVE = {
    "consult": "公示すると、すぐにだれでも読めるようになります。",
    "submit": "提出した内容は固定され、書き換えられません。",
    "ask_approval": "提出した内容は固定され、書き換えられません。",
    "submit_amended": "提出した内容は固定され、書き換えられません。",
    "publish": "公表すると、すぐにだれでも読めるようになり、取り消せません。",
    "publish_amended": "公表すると、すぐにだれでも読めるようになり、取り消せません。",
    "hand_over": "前の種類の手続は終わり、元に戻せません。",
    "end": "事務の終わりは取り消せません。",
    "drop": "計画のとりやめは取り消せません。",
}

FIELDS = {
    "opens": "意見を聴く期間の初日",
    "closes": "意見を聴く期間の末日",
    "day": "日付",
    "reason": "理由",
    "done_on": "見直した日",
    "result": "見直しの結果",
    "why": "区分",
    "changes_on": "変更を始める予定の日",
    "stopped_on": "事務をやめた日",
    "decided_on": "決定した日",
    "review": "点検の記録",
    "threads": "直すところ",
    "step": "確認する手続",
    "judgement": "しきい値判断",
    "before": "次の操作",
    "assessment": "評価書",
}
HINTS = {
    "opens": "公示する日です。今日か、それより後の日にします。例：2026-12-01、R8.12.1",
    "closes": "初日も末日も数えて30日以上にします。短くするときは、評価書に特段の理由を書きます。",
    "day": "例：2026-12-01、R8.12.1",
    "done_on": "例：2026-12-01、R8.12.1",
    "stopped_on": "今日か、それより前の日です。例：2026-12-01、R8.12.1",
    "changes_on": "この日までに公表まで終えます。決まっていないときは空のままで進めます。",
    "decided_on": "例：2026-12-01、R8.12.1",
    "reason": "記録に残ります。評価書の「規則第9条第2項の適用」の欄にも書きます。名前や番号は書かないでください。",
}
CODES = {
    ("review", "result"): {
        "no-change": "直すところはなかった",
        "amend": "修正が必要",
        "reassess": "再実施が必要",
    },
    ("amend", "why"): {
        "not-material": "重要な変更に当たらない変更",
        "accident": "重大事故が起きた",
        "threshold": "しきい値判断の結果が変わった",
        "form": "様式が改まった",
        "correction": "誤記などを正す",
    },
    ("reassess", "why"): {
        "material-change": "重要な変更をする",
        "five-years": "公表から5年になる",
        "threshold": "しきい値判断の結果が変わった",
        "voluntary": "自主的にやり直す",
    },
}
CODE_WORDS = {code: words for one in CODES.values() for code, words in one.items()}
