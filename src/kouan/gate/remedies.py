# ruff: noqa: ARG001 - all remedies have one signature, whichever of its parts one needs
"""For each reason: what would have had to be found instead, as fields of evidence and their values."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from kouan.gate.case import Case
from kouan.gate.decision import Finding
from kouan.gate.evidence import PapersMatched, SealCondition
from kouan.vocabulary.verdict import Reason

Changes = Mapping[str, Any]

_CONSTANT: dict[str, Changes] = {
    "positioning.not_alone": {"positioning.alone": True},
    "seal.tampered": {"seal.condition": SealCondition.INTACT},
    "radiation.neutron": {"radiation.neutron_alarm": False},
    "radiation.fault": {"radiation.fault": None},
    "driver.document_invalid": {"driver.document_valid": True},
    "driver.document_expired": {"driver.document_expired": False},
    "driver.another": {"driver.expected": True},
    "driver.not_announced": {"driver.expected": True},
    "health.symptoms": {"health.symptoms": False},
    "health.undeclared": {"health.declared": True},
    "health.not_disinfected": {"health.disinfected": True},
    "papers.late": {"papers.late": False},
    "papers.duplicate": {"papers.duplicate_of": None},
    "papers.green_channel": {"papers.green_channel": False},
    "plates.seen_elsewhere": {"papers.seen_elsewhere": None},
    "plates.impossible_travel": {"papers.seen_elsewhere": None},
    "network.hub_stale": {"papers.hub_age_us": 0},
    "network.hub_never_heard": {"papers.hub_age_us": 0},
    "network.not_low_risk": {"papers.low_risk": True},
}

_FROM_PARAMETER: dict[str, tuple[str, str]] = {
    "positioning.too_long": ("positioning.length_mm", "longest_mm"),
    "plates.unsure": ("plates.confidence_pm", "least_pm"),
    "plates.near": ("plates.tractor", "declared"),
    "plates.differs": ("plates.tractor", "declared"),
    "plates.not_announced": ("papers.plate", "plate"),
    "trailer.unread": ("plates.trailer", "declared"),
    "trailer.near": ("plates.trailer", "declared"),
    "trailer.differs": ("plates.trailer", "declared"),
    "trailer.not_announced": ("papers.trailer", "trailer"),
    "container.unsure": ("container.confidence_pm", "least_pm"),
    "weight.unstable": ("weight.stable_frames", "fewest"),
    "weight.overloaded": ("weight.mass_kg", "limit_kg"),
    "radiation.no_alarm": ("radiation.gamma_peak_cps", "background_cps"),
    "driver.face": ("driver.face_score_pm", "least_pm"),
    "driver.liveness": ("driver.liveness_pm", "least_pm"),
    "driver.fingerprint": ("driver.fingerprint_score_pm", "least_pm"),
    "driver.occupants": ("driver.occupants", "announced"),
    "driver.crew_unknown": ("driver.announced_crew", "occupants"),
    "papers.convoy": ("papers.convoy_present", "expected"),
}
"""The field, and the parameter of the reason that says what was needed of it."""


def remedies(case: Case, finding: Finding) -> Changes:
    """Return the least change with which a finding would not have been made; empty where no evidence could do it."""
    reason = finding.reason
    if finding.rule.endswith(".answered"):
        return {f"required.{finding.rule.removesuffix('.answered')}": "evidence"}
    if finding.rule.startswith("verdict."):
        return {finding.rule: "grant"}
    if reason.code in _CONSTANT:
        return _CONSTANT[reason.code]
    if reason.code in _FROM_PARAMETER:
        field, parameter = _FROM_PARAMETER[reason.code]
        return {field: reason.params[parameter]}
    return _COMPUTED[reason.code](case, reason) if reason.code in _COMPUTED else {}


def _nearest_weight(case: Case, reason: Reason) -> Changes:
    """Return the nearest weight within the tolerance."""
    expected, allowed = int(reason.params["expected_kg"]), int(reason.params["allowed_kg"])
    low, high = expected - allowed, expected + allowed
    return {"weight.mass_kg": max(low, min(int(reason.params["measured_kg"]), high))}


def _axles(case: Case, reason: Reason) -> Changes:
    fewest, most = int(reason.params["fewest"]), int(reason.params["most"])
    return {"positioning.axles": max(fewest, min(int(reason.params["axles"]), most))}


def _declared_plate(case: Case, reason: Reason) -> Changes:
    plate = case.papers.plate if case.papers else None
    return {"plates.tractor": plate, "plates.parsed": True} if plate else {}


def _declared_containers(case: Case, reason: Reason) -> Changes:
    return {"container.numbers": case.papers.containers, "container.valid": True} if case.papers else {}


def _undamaged(case: Case, reason: Reason) -> Changes:
    return {"container.damage": ()}


def _declared_seal(case: Case, reason: Reason) -> Changes:
    seals = case.papers.seals if case.papers else ()
    return {"seal.number": seals[0], "seal.condition": SealCondition.INTACT} if seals else {}


def _declared_seal_as_read(case: Case, reason: Reason) -> Changes:
    return {"papers.seals": (reason.params["read"],)}


def _no_gamma(case: Case, reason: Reason) -> Changes:
    background_cps = case.radiation.gamma_background_cps if case.radiation else 0
    return {"radiation.gamma_alarm": False, "radiation.gamma_peak_cps": background_cps}


def _calibrated(case: Case, reason: Reason) -> Changes:
    return {"weight.calibrated_until": case.weight.at + 1} if case.weight else {}


def _zero_checked(case: Case, reason: Reason) -> Changes:
    return {"weight.zero_checked_at": case.weight.at} if case.weight else {}


def _no_fever(case: Case, reason: Reason) -> Changes:
    degrees, _, tenths = str(reason.params["limit"]).partition(".")
    return {"health.temperature_dc": int(degrees) * 10 + int(tenths or 0) - 1}


def _tare(case: Case, reason: Reason) -> Changes:
    if case.papers is None or case.weight is None:
        return {}
    goods_kg = sum(consignment.declared_gross_kg for consignment in case.papers.consignments)
    return {"papers.tare_kg": max(case.weight.mass_kg - goods_kg, 0)}


def _without_hold(case: Case, reason: Reason) -> Changes:
    number = str(reason.params.get("number", ""))
    changes: dict[str, Any] = {}
    for field, holds in (
        ("papers.holds", case.papers.holds if case.papers else ()),
        ("driver.watched", case.driver.watched if case.driver else ()),
    ):
        left = tuple(hold for hold in holds if hold.split(":", 2)[-1] != number)
        if left != holds:
            changes[field] = left
    return changes


def _permitted(case: Case, reason: Reason) -> Changes:
    """Return a permit that is in force at any time."""
    needed = {"pre_authorised": True, "permit_until": None, "permit_from": None}
    return {f"papers.{name}": value for name, value in needed.items() if getattr(case.papers, name, value) != value}


def _consignments(**fields: Any) -> Callable[[Case, Reason], Changes]:
    """Return a remedy that sets these fields of every consignment."""

    def remedy(case: Case, reason: Reason) -> Changes:
        papers: PapersMatched | None = case.papers
        if papers is None:
            return {}
        return {"papers.consignments": tuple(replace(consignment, **fields) for consignment in papers.consignments)}

    return remedy


_COMPUTED: dict[str, Callable[[Case, Reason], Changes]] = {
    "positioning.axles": _axles,
    "plates.unread": _declared_plate,
    "plates.unknown_form": _declared_plate,
    "container.check_digit": _declared_containers,
    "container.absent": _declared_containers,
    "container.not_announced": _declared_containers,
    "container.differs": _declared_containers,
    "container.near": _declared_containers,
    "container.damaged": _undamaged,
    "seal.differs": _declared_seal,
    "seal.not_declared": _declared_seal_as_read,
    "seal.absent": _declared_seal,
    "seal.unreadable": _declared_seal,
    "radiation.gamma": _no_gamma,
    "weight.out_of_calibration": _calibrated,
    "weight.zero_unchecked": _zero_checked,
    "weight.differs": _nearest_weight,
    "weight.not_empty": _nearest_weight,
    "weight.no_tare": _tare,
    "health.fever": _no_fever,
    "hold.detain": _without_hold,
    "hold.examine": _without_hold,
    "hold.scan": _without_hold,
    "hold.quarantine": _without_hold,
    "hold.watch": _without_hold,
    "lane.not_pre_authorised": _permitted,
    "network.permit_over": _permitted,
    "papers.not_cleared": _consignments(cleared=True),
    "papers.controlled": _consignments(controlled=False),
    "papers.transit": _consignments(transit_cleared=True),
}
