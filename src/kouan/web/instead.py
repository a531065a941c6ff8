"""Answers in place of records: what somebody gets who needs to know that, and not why.

``Identity verified`` for whoever need not see a document, ``customs holds it`` for whoever need not know customs'
reasons, ``a person must look`` for whoever need not see the face. Each is a reason: a message id that every language
has a text for (``access/messages``).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kouan.access.words import Field

View = Mapping[str, Any]

OWNERS = {
    Field.DRIVER: "border_inspection",
    Field.HEALTH: "customs",
    Field.PAPERS: "customs",
    Field.BORDER_INSPECTION: "border_inspection",
    Field.CUSTOMS: "customs",
}
"""Whose a protected field of a passage is (``gate.decide.OWNERS``)."""

_IN_ORDER = {"driver": "need.driver_verified", "health": "need.health_clear", "papers": "need.papers_complete"}

_LACKING = {
    "papers.no_confirmation": "need.lacks_confirmation",
    "papers.no_manifest": "need.lacks_manifest",
    "papers.undeclared": "need.lacks_declaration",
    "papers.not_cleared": "need.lacks_clearance",
}
"""What papers lack, by the reason that the gate found."""

_HOLDS = ("HOLD", "REFUSE")


def reason(code: str) -> View:
    """Return a message without parameters."""
    return {"code": code, "params": {}}


_PROTECTED_CODES = ("people.", "driver.", "health.", "papers.", "hold.", "border_inspection.", "customs.")
"""How the codes of reasons begin that speak of a protected field."""


def shown_overview(view: View) -> View:
    """Return the port's counters, whose alarms tell everybody that a person must look, and nobody a protected field."""
    return {**view, "alarms": shown_alarms(view["alarms"])}


def shown_alarms(alarms: Iterable[View]) -> list[View]:
    """Return alarms without the protected field that one speaks of, and without the word that was said of it."""
    return [
        {**each, "reason": reason("need.person_must_look"), "word": each["word"] and ""}
        if tells_protected(each["reason"]["code"], each["reason"]["params"])
        else each
        for each in alarms
    ]


def tells_protected(code: str, params: View) -> bool:
    """Say whether a reason tells something of a protected field, not only that somebody must look."""
    return code.startswith(_PROTECTED_CODES) and bool(params)


def without_people(reasons: Iterable[View]) -> list[View]:
    """Return reasons, of which those about the people in a vehicle say only that a person must look, once."""
    shown: list[View] = []
    for each in reasons:
        told = reason("need.person_must_look") if str(each["code"]).startswith("people.") else each
        if told not in shown:
            shown.append(told)
    return shown


def field_of_rule(rule: str) -> Field | None:
    """Return the protected field that a rule of the gate speaks of, by its name; None where it speaks of none."""
    topic, _, rest = rule.partition(".")
    name = rest if topic == "verdict" else topic
    return Field(name) if name in set(OWNERS) else None


def procedure_answers(procedure: View, findings: Sequence[View]) -> list[View]:
    """Return what a procedure comes to: in order, what it lacks, or that a person must look; nothing before it is."""
    name = procedure["name"]
    if name not in _IN_ORDER or procedure["state"] not in ("done", "failed", "late"):
        return []
    lacking = dict.fromkeys(_LACKING.get(each["reason"]["code"], "") for each in findings if name == "papers")
    found = [reason(code) for code in lacking if code]
    if found:
        return found
    in_order = procedure["state"] == "done" and not procedure["finding"]
    return [reason(_IN_ORDER[name] if in_order else "need.person_must_look")]


def verdict_answers(verdict: View) -> list[View]:
    """Return what an authority's verdict comes to, without its reasons; nothing before it has come."""
    if verdict["outcome"] is None:
        return []
    said = "cleared" if verdict["outcome"] == "grant" else "holds"
    return [reason(f"need.{verdict['authority']}_{said}")]


def shown_findings(findings: Iterable[View], agency: str, seen: frozenset[Field]) -> list[View]:
    """Return findings with the reasons that a reader of an agency may see.

    Its own authority's decisions explain themselves to each; of another's reasons about a protected field it is told
    that the authority holds the vehicle, or that a person must look, once.
    """
    shown: dict[str, View] = {}
    for place, finding in enumerate(findings):
        field = field_of_rule(finding["rule"])
        authority = str(finding["authority"])
        if field is None or field in seen or authority == agency:
            shown[str(place)] = finding
            continue
        code = f"need.{authority}_holds" if finding["outcome"] in _HOLDS else "need.person_must_look"
        masked = {**finding, "rule": f"{authority}.withheld", "version": 1, "reason": reason(code)}
        shown.setdefault(f"{authority} {finding['outcome']}", masked)
    return list(shown.values())


def shown_exceptions(exceptions: Iterable[str], agency: str, seen: frozenset[Field]) -> list[str]:
    """Return the exceptions that were given, without those from rules about what a reader may not see."""
    fields = [(text, field_of_rule(text.partition(":")[0])) for text in exceptions]
    return [text for text, field in fields if field is None or field in seen or OWNERS[field] == agency]
