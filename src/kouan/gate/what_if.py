"""What would have changed a decision: the same decider, with some of the evidence otherwise.

A field is ``<procedure>.<field of its evidence>`` (``weight.mass_kg``), ``required.<procedure>`` or
``verdict.<authority>``; ``ALIASES`` are shorter names. An authority that named a reason which no longer holds is taken
not to name it any more, since it judged the same evidence.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from msgspec.structs import replace

from kouan.gate.case import Case
from kouan.gate.decide import decide, standing_findings
from kouan.gate.decision import AgencyVerdict, Decision, Finding
from kouan.gate.evidence import Failed, procedure_of
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.gate.remedies import remedies
from kouan.gate.replay import Grounds
from kouan.gate.rulebook import Rulebook
from kouan.vocabulary.errors import InvalidValue

ALIASES = {
    "weight": "weight.mass_kg",
    "plate": "plates.tractor",
    "trailer": "plates.trailer",
    "containers": "container.numbers",
    "seal": "seal.number",
    "gamma": "radiation.gamma_alarm",
    "neutron": "radiation.neutron_alarm",
    "occupants": "driver.occupants",
    "face": "driver.face_score_pm",
    "temperature": "health.temperature_dc",
    "tare": "papers.tare_kg",
    "hub_age": "papers.hub_age_us",
}
"""Shorter names for what is asked most."""


class Decisive(msgspec.Struct, frozen=True):
    """A change that changes the decision: the field, what was found and needed, the outcome then, and the rule."""

    field: str
    found: Any
    needed: Any
    outcome: Outcome
    rule: str


def parse_changes(texts: Sequence[str]) -> dict[str, str]:
    """Return changes written as ``weight=50000``; raise InvalidValue for any other form."""
    changes = {}
    for text in texts:
        field, equals, value = text.partition("=")
        if not equals or not field.strip():
            raise InvalidValue(text, "what_if.form", "must be written as field=value")
        changes[field.strip()] = value.strip()
    return changes


def what_if(
    grounds: Grounds, rulebook: Rulebook, changes: Mapping[str, Any], settled: AbstractSet[str] = frozenset()
) -> Decision:
    """Return the decision with some fields changed; raise InvalidValue for a field or value that cannot be.

    Texts are read as the field's type, so that ``{"weight": "50000"}`` will do. ``settled`` are the codes of reasons
    that no longer hold with these changes.
    """
    case, verdicts = grounds.case, tuple(_without(verdict, settled) for verdict in grounds.verdicts)
    for field, value in changes.items():
        case, verdicts = _change(case, verdicts, ALIASES.get(field, field), value)
    return decide(case, verdicts, grounds.exceptions, rulebook, grounds.at)


def decisive(grounds: Grounds, rulebook: Rulebook) -> tuple[Decisive, ...]:
    """Return the changes that change the decision, in the order of its findings.

    Those that do so alone come first choice; where none does, all that it takes together are named.
    """
    standing = standing_findings(grounds.decision)
    tried = [(finding, found) for finding in standing if (found := remedies(grounds.case, finding))]
    alone = [item for finding, changes in tried for item in _alone(grounds, rulebook, finding, changes)]
    if alone or len(tried) < 2:
        return tuple(alone)
    everything = {field: value for _, changes in tried for field, value in changes.items()}
    together = _remade(grounds, rulebook, everything, [finding for finding, _ in tried])
    if together.outcome == grounds.decision.outcome:
        return ()
    return tuple(_item(grounds, finding, changes, together) for finding, changes in tried)


def _alone(grounds: Grounds, rulebook: Rulebook, finding: Finding, changes: Mapping[str, Any]) -> list[Decisive]:
    remade = _remade(grounds, rulebook, changes, [finding])
    if remade.outcome == grounds.decision.outcome:
        return []
    return [_item(grounds, finding, changes, remade)]


def _item(grounds: Grounds, finding: Finding, changes: Mapping[str, Any], remade: Decision) -> Decisive:
    field, needed = next(iter(changes.items()))
    return Decisive(field, _plain(_found(grounds, field)), _plain(needed), remade.outcome, finding.rule)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, so that what is shown is what was recorded."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _remade(grounds: Grounds, rulebook: Rulebook, changes: Mapping[str, Any], settled: Sequence[Finding]) -> Decision:
    case, verdicts = grounds.case, grounds.verdicts
    for field, value in changes.items():
        case, verdicts = _change(case, verdicts, field, value)
    codes = {finding.reason.code for finding in settled}
    verdicts = tuple(_without(verdict, codes) for verdict in verdicts)
    return decide(case, verdicts, grounds.exceptions, rulebook, grounds.at)


def _without(verdict: AgencyVerdict, codes: AbstractSet[str]) -> AgencyVerdict:
    """Return a verdict without the reasons that no longer hold; one that named only such would have been a grant."""
    if not verdict.reasons:
        return verdict
    left = tuple(reason for reason in verdict.reasons if reason.code not in codes)
    return replace(verdict, reasons=left, outcome=verdict.outcome if left else "grant")


def _found(grounds: Grounds, field: str) -> Any:
    topic, _, name = field.partition(".")
    if topic == "verdict":
        return next((verdict.outcome for verdict in grounds.verdicts if verdict.authority == name), None)
    if topic == "required":
        return grounds.case.failure(Procedure(name))
    evidence = next((found for found in grounds.case.evidence if procedure_of(found) == topic), None)
    return getattr(evidence, name, None)


def _change(
    case: Case, verdicts: tuple[AgencyVerdict, ...], field: str, value: Any
) -> tuple[Case, tuple[AgencyVerdict, ...]]:
    topic, _, name = field.partition(".")
    if topic == "verdict":
        return case, _change_verdict(case, verdicts, name, value)
    if topic == "required":
        return replace(case, required=tuple(found for found in case.required if found != name)), verdicts
    return _change_evidence(case, topic, name, value), verdicts


def _change_verdict(
    case: Case, verdicts: tuple[AgencyVerdict, ...], name: str, outcome: Any
) -> tuple[AgencyVerdict, ...]:
    if name not in list(Authority) or outcome not in {"grant", "refuse", "refer"}:
        raise InvalidValue(f"verdict.{name}", "what_if.verdict", "must be an authority's grant, refuse or refer")
    authority = Authority(name)
    revision = case.revision(authority) or 0
    given = AgencyVerdict(authority, outcome, revision, case.at, _NEVER, "what-if")
    return (*(verdict for verdict in verdicts if verdict.authority != authority), given)


_NEVER = 2**62
"""An instant after which nothing happens any more."""


def _change_evidence(case: Case, topic: str, name: str, value: Any) -> Case:
    evidence = next((found for found in case.evidence if procedure_of(found) == topic), None)
    if evidence is None or isinstance(evidence, Failed):
        raise InvalidValue(topic, "what_if.no_evidence", "this passage has no such evidence")
    field = next((known for known in msgspec.structs.fields(evidence) if known.name == name), None)
    if field is None:
        raise InvalidValue(f"{topic}.{name}", "what_if.field", f"known: {', '.join(evidence.__struct_fields__)}")
    try:
        typed = msgspec.convert(_read(value), type=field.type, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidValue(f"{topic}.{name}", "what_if.value", str(error)) from error
    changed = replace(evidence, **{name: typed})
    return replace(case, evidence=tuple(changed if found is evidence else found for found in case.evidence))


def _read(value: Any) -> Any:
    """Return a text with commas as a list, ``none`` as nothing, anything else as it is."""
    if not isinstance(value, str):
        return msgspec.to_builtins(value)
    if value == "none":
        return None
    return [part.strip() for part in value.split(",")] if "," in value else value
