"""What must hold before a step, pure: each guard looks at one fact of its own name and answers with the article that forbids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from privacy_assessment.threshold import KIND_NAMES, KINDS, covers
from workflows.engine import Reason
from workflows.law.calendar import days_between

Facts = Mapping[str, Any]

# The article that makes the order, by machine.
BASIC_FIRST = {"focused": "規則6条2項", "full": "規則7条2項・8条", "basic": "規則14条"}
CONSULT = {"local": "規則7条1項・4項", "national": "番号法28条1項・2項"}


def judgement_covered(facts: Facts, given: Facts) -> Reason | None:
    """規則4条8号–10号: a kind lower than what is owed is not enough; a higher one may be chosen."""
    found = facts["judgement_covered"]
    if found["owed"] is None:
        return Reason("not_judged")
    if covers(found["kind"], found["owed"]):
        return None
    return Reason("kind_too_low", owed=KIND_NAMES[found["owed"]], article="規則4条8号から10号まで")


def kind_enough(facts: Facts, given: Facts) -> Reason | None:
    """規則6条1項・7条1項: what was judged again while writing asks for a higher kind. After publication 規則6条2項 makes the order."""
    found = facts["kind_enough"]
    return judgement_covered({"judgement_covered": found}, given) if found["first"] else None


def basic_amended_first(facts: Facts, given: Facts) -> Reason | None:
    """規則6条2項・7条2項・8条: when the threshold has risen the amended 基礎 is published before anything else."""
    found = facts["basic_amended_first"]
    return Reason("basic_first", article=BASIC_FIRST[found["kind"]]) if found["stale"] else None


def kind_changed(facts: Facts, given: Facts) -> Reason | None:
    """A case is handed over only when the kind chosen in the newest judgement is another one."""
    found = facts["kind_changed"]
    return None if found["chosen"] in KINDS and found["chosen"] != found["kind"] else Reason("kind_unchanged")


def forms_complete(facts: Facts, given: Facts) -> Reason | None:
    """番号法28条1項各号, 規則12条: all items, on the real state of the affair."""
    count, first = facts["forms_complete"]
    return (
        Reason("forms_incomplete", count=count, first=first, article="番号法28条1項・規則12条")
        if count
        else None
    )


def warnings_explained(facts: Facts, given: Facts) -> Reason | None:
    """A warning may stand, but not in silence."""
    count, first = facts["warnings_explained"]
    return Reason("warnings_open", count=count, first=first) if count else None


def before_holding(facts: Facts, given: Facts) -> Reason | None:
    """規則9条1項: before the file is held or changed; 9条2項 is the only way out."""
    day = facts["before_holding"]
    return Reason("holding_begun", day=day.isoformat(), article="規則9条1項") if day else None


def internal_steps_done(facts: Facts, given: Facts) -> Reason | None:
    """The office's own rules: what must be confirmed before this step."""
    missing = facts["internal_steps_done"]
    return Reason("confirmations_missing", steps="、".join(missing)) if missing else None


def confirmation_in_turn(facts: Facts, given: Facts) -> Reason | None:
    """Internal steps are confirmed one after the other, each by its role."""
    pending = facts["confirmation_in_turn"]
    first: dict[str, Any] = {}
    for step in pending:
        first.setdefault(step["before"], step)
    step = first.get(given.get("before", ""))
    if step is None or ("step" in given and step["code"] != given["step"]):
        return Reason("not_in_turn", steps="、".join(one["label"] for one in first.values()) or "なし")
    if step["role"] not in facts["actor"].roles:
        return Reason("not_your_confirmation", role=step["role"])
    if step["other_person"] and facts["case"].last_by == facts["actor"].id:
        return Reason("same_person")
    return None


def redaction_allowed(facts: Facts, given: Facts) -> Reason | None:
    """規則10条 as each article applies it: 基礎 knows only 10条1項 at first."""
    found = facts["redaction_allowed"]
    if not found:
        return None
    return Reason(
        "redaction_refused",
        count=len(found),
        first=found[0],
        article="規則10条・5条2項・6条3項・7条3項・14条2項",
    )


def no_numbers(facts: Facts, given: Facts) -> Reason | None:
    """番号法19条: no 個人番号 in what everybody may read."""
    found = facts["no_numbers"]
    return (
        Reason("number_in_public", count=len(found), first=found[0], article="番号法19条") if found else None
    )


def words_decided(facts: Facts, given: Facts) -> Reason | None:
    """規則10条: words left out in one place and readable in another are not left out; somebody decides each such place."""
    found = facts["words_decided"]
    return Reason("words_elsewhere", count=len(found), first=found[0]) if found else None


def consultation_long_enough(facts: Facts, given: Facts) -> Reason | None:
    """指針第5の3: 30 days or more, both ends counted; shorter only with a special reason in the statement."""
    found = facts["consultation_long_enough"]
    try:
        opens, closes = _day(given["opens"]), _day(given["closes"])
    except (KeyError, TypeError, ValueError):
        # Missing or malformed days are reported as such by the check of the input.
        return None
    if closes < opens:
        return Reason("closes_first")
    if opens < found["today"]:
        return Reason("opens_past")
    days = days_between(opens, closes, both_ends=True)
    if days < found["least"] and not found["short_reason"]:
        return Reason("too_short", days=days, least=found["least"], article="指針第5の3")
    return None


def consultation_over(facts: Facts, given: Facts) -> Reason | None:
    """規則7条4項, 番号法28条2項: opinions first, then the third party or the commission."""
    found = facts["consultation_over"]
    article = CONSULT[found["standing"]]
    if found["closes"] is None:
        return Reason("not_consulted", article=article)
    if found["closes"] >= found["today"]:
        return Reason("consultation_running", closes=found["closes"].isoformat(), article=article)
    return None


def opinions_considered(facts: Facts, given: Facts) -> Reason | None:
    """規則7条4項, 番号法28条2項: opinions are 十分考慮 before going on."""
    found = facts["opinions_considered"]
    if not found["open"]:
        return None
    return Reason("opinions_unanswered", count=found["open"], article=CONSULT[found["standing"]])


def review_recorded(facts: Facts, given: Facts) -> Reason | None:
    """規則7条4項: the result that is taken must have been recorded for this case."""
    return Reason("no_review", article="規則7条4項") if facts["review_recorded"] is None else None


def review_favourable(facts: Facts, given: Facts) -> Reason | None:
    """The third party found the statement fit."""
    return None if facts["review_favourable"] is True else Reason("no_review", article="規則7条4項")


def review_asks_changes(facts: Facts, given: Facts) -> Reason | None:
    """The third party asks for changes."""
    return None if facts["review_asks_changes"] is False else Reason("no_review", article="規則7条4項")


def third_party_done(facts: Facts, given: Facts) -> Reason | None:
    """規則7条5項: submitted after the third party was heard, never before."""
    return None if facts["third_party_done"] else Reason("third_party_first", article="規則7条5項")


def approved_first(facts: Facts, given: Facts) -> Reason | None:
    """番号法28条3項・4項: approval, then publication."""
    return (
        None if facts["case"].state == "approved" else Reason("approval_first", article="番号法28条3項・4項")
    )


def submitted_first(facts: Facts, given: Facts) -> Reason | None:
    """規則5条2項・6条3項・7条6項・14条2項: handed in, then published."""
    ok = facts["case"].state in ("submitted", "amend_submitted")
    return None if ok else Reason("submission_first", article="規則5条2項・6条3項・7条6項・14条2項")


def changes_decided(facts: Facts, given: Facts) -> Reason | None:
    """規則11条: for each changed ※ item a person has decided what the change is."""
    found = facts["changes_decided"]
    return Reason("changes_undecided", count=len(found), first=found[0]) if found else None


def not_material(facts: Facts, given: Facts) -> Reason | None:
    """番号法28条1項後段, 規則11条: a 重要な変更 is assessed again before it is made."""
    found = facts["not_material"]
    return (
        Reason("material_needs_again", first=found[0], article="番号法28条1項後段・規則11条")
        if found
        else None
    )


def has_remarks(facts: Facts, given: Facts) -> Reason | None:
    """Sending back says where and why."""
    return None if facts["has_remarks"] else Reason("no_remarks")


def stopped_not_future(facts: Facts, given: Facts) -> Reason | None:
    """規則16条: the notice follows the stop."""
    try:
        late = _day(given["stopped_on"]) > facts["stopped_not_future"]
    except (KeyError, TypeError, ValueError):
        return None
    return Reason("stopped_in_future", article="規則16条") if late else None


def emergency_written(facts: Facts, given: Facts) -> Reason | None:
    """規則9条2項: its use and the reason stand in the statement."""
    return None if facts["emergency_written"] else Reason("emergency_unwritten", article="規則9条2項")


def plan_ready(facts: Facts, given: Facts) -> Reason | None:
    """規則3条: every submission carries the 計画管理書."""
    return None if facts["plan_ready"] else Reason("no_plan", article="規則3条")


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


ALL = (
    judgement_covered, kind_enough, basic_amended_first, kind_changed, forms_complete, warnings_explained, before_holding,
    internal_steps_done, confirmation_in_turn, redaction_allowed, words_decided, no_numbers, consultation_long_enough,
    consultation_over, opinions_considered, review_recorded, review_favourable, review_asks_changes,
    third_party_done, approved_first, submitted_first, changes_decided, not_material, has_remarks,
    stopped_not_future, emergency_written, plan_ready,
)  # fmt: skip
