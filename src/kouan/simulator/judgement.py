"""What the simulated authorities look at in a case file. They see its facts only, as real ones do, never the truth.

Each check returns a reason or nothing. What a check needs and the file lacks is a reason too: absence is no consent.
"""

from collections.abc import Callable, Mapping

from kouan.protocols.agency.messages import VerdictOutcome, VerdictReason

Fact = str | int | bool
Facts = Mapping[str, Fact]
Judgement = tuple[VerdictOutcome, tuple[VerdictReason, ...]]

FEVER_DC = 373
"""37.3 °C, the threshold of Chinese entry quarantine, in tenths of a degree."""

WEIGHT_SHARE_PM, WEIGHT_KG = 30, 1_000
"""Allowed difference from the papers: 3 % or 1 t, whichever is more. Our choice."""

LEAST_SCORES = {"face_score_pm": ("driver.face", 600), "liveness_pm": ("driver.liveness", 700)}
"""Least scores of the driver terminal, in per mille. Our choice."""

LEAST_FINGERPRINT_PM = 500

Check = Callable[[Facts], VerdictReason | None]


def _number(facts: Facts, name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _papers(facts: Facts) -> VerdictReason | None:
    return None if facts.get("papers") is True else VerdictReason("papers.no_confirmation")


def _manifest(facts: Facts) -> VerdictReason | None:
    if facts.get("load") != "loaded" or (_number(facts, "consignments") or 0) > 0:
        return None
    return VerdictReason("papers.no_manifest", {"confirmation": str(facts.get("confirmation", ""))})


def _only_once(facts: Facts) -> VerdictReason | None:
    other = facts.get("duplicate_of")
    return VerdictReason("papers.duplicate", {"other": str(other)}) if other else None


def _elsewhere(facts: Facts) -> VerdictReason | None:
    where = facts.get("seen_elsewhere")
    params = {"plate": str(facts.get("declared_plate", "")), "where": str(where)}
    return VerdictReason("plates.seen_elsewhere", params) if where else None


def _document(facts: Facts) -> VerdictReason | None:
    if facts.get("document_valid") is not True:
        return VerdictReason("driver.document_invalid")
    return VerdictReason("driver.document_expired") if facts.get("document_expired") is not False else None


def _announced(facts: Facts) -> VerdictReason | None:
    expected = facts.get("driver_expected")
    if expected is True:
        return None
    return VerdictReason("driver.not_announced" if expected is None else "driver.another")


def _biometrics(facts: Facts) -> VerdictReason | None:
    for name, (code, least) in LEAST_SCORES.items():
        score = _number(facts, name)
        if score is None or score < least:
            return VerdictReason(code, {"score_pm": score or 0, "least_pm": least})
    finger = _number(facts, "fingerprint_score_pm")
    if finger is not None and finger < LEAST_FINGERPRINT_PM:
        return VerdictReason("driver.fingerprint", {"score_pm": finger, "least_pm": LEAST_FINGERPRINT_PM})
    return None


def _occupants(facts: Facts) -> VerdictReason | None:
    seen, announced = _number(facts, "occupants"), _number(facts, "announced_crew")
    if seen is not None and seen == announced:
        return None
    return VerdictReason("driver.occupants", {"occupants": seen or 0, "announced": announced or 0})


def _seal(facts: Facts) -> VerdictReason | None:
    declared = [number for number in str(facts.get("declared_seals", "")).split(",") if number]
    condition = facts.get("seal_condition")
    if not declared and condition is None:
        return None
    if condition not in {"intact", None}:
        code = {"tampered": "seal.tampered", "absent": "seal.absent"}.get(str(condition), "seal.unreadable")
        return VerdictReason(code, {"declared": ", ".join(declared)}) if declared or code == "seal.tampered" else None
    if facts.get("seal") in declared:
        return None
    return VerdictReason("seal.differs", {"read": str(facts.get("seal", "")), "declared": ", ".join(declared)})


def _weight(facts: Facts) -> VerdictReason | None:
    mass, tare = _number(facts, "mass_kg"), _number(facts, "tare_kg")
    if mass is None or tare is None:
        return VerdictReason("weight.no_tare") if mass is not None else None
    expected = tare + (_number(facts, "declared_gross_kg") or 0)
    allowed = max(WEIGHT_KG, expected * WEIGHT_SHARE_PM // 1000)
    if abs(mass - expected) <= allowed:
        return None
    return VerdictReason("weight.differs", {"measured_kg": mass, "expected_kg": expected, "allowed_kg": allowed})


def _radiation(facts: Facts) -> VerdictReason | None:
    if facts.get("neutron_alarm"):
        return VerdictReason("radiation.neutron")
    return VerdictReason("radiation.gamma") if facts.get("gamma_alarm") else None


def _health(facts: Facts) -> VerdictReason | None:
    temperature = _number(facts, "temperature_dc")
    if temperature is not None and temperature >= FEVER_DC:
        return VerdictReason(
            "health.fever", {"temperature": f"{temperature / 10:.1f}", "limit": f"{FEVER_DC / 10:.1f}"}
        )
    return VerdictReason("health.symptoms") if facts.get("symptoms") else None


def _damage(facts: Facts) -> VerdictReason | None:
    damage = facts.get("damage")
    return VerdictReason("container.damaged", {"damage": str(damage)}) if damage else None


def _controlled(facts: Facts) -> VerdictReason | None:
    return VerdictReason("customs.controlled") if facts.get("controlled") else None


def _alone(facts: Facts) -> VerdictReason | None:
    return VerdictReason("positioning.not_alone") if facts.get("alone") is False else None


_CHECKS: Mapping[str, tuple[Check, ...]] = {
    "border_inspection": (_papers, _elsewhere, _document, _announced, _biometrics, _occupants),
    "customs": (
        _papers, _manifest, _only_once, _elsewhere, _seal, _weight, _radiation, _health, _damage, _controlled,
    ),
    "site": (_alone,),
}  # fmt: skip

_REFUSED = ("driver.document_invalid", "driver.document_expired")
"""Without a valid document nobody crosses, whatever else is found; all else is examined first."""


def judge(authority: str, facts: Facts) -> Judgement:
    """Return what an authority says to these facts: it grants only where nothing speaks against."""
    found = [reason for check in _CHECKS[authority] if (reason := check(facts)) is not None]
    if not found:
        return VerdictOutcome.GRANT, ()
    refused = any(reason.code in _REFUSED for reason in found)
    return (VerdictOutcome.REFUSE if refused else VerdictOutcome.REFER), tuple(found)
