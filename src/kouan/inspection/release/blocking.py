"""What keeps a lot from its next step, told to those who work on it."""

from kouan.inspection.release.lot import FINAL, LotState
from kouan.inspection.release.rule import ReleaseRule
from kouan.inspection.release.standing import (
    Standing,
    checked_there,
    needs_certificate,
    needs_result,
    site_checks,
)
from kouan.vocabulary.verdict import Reason

_WAITS = {
    LotState.DECLARED: "release.awaits_arrival",
    LotState.HELD: "release.awaits_decision",
    LotState.RECALLED: "release.awaits_return",
    LotState.TREATED: "release.awaits_checks",
    LotState.SAMPLED: "release.awaits_result",
    LotState.PASSED: "release.awaits_certificate",
}


def blocking(standing: Standing, rule: ReleaseRule) -> tuple[Reason, ...]:
    """Return every reason why a lot is not free yet, the nearest first; none for a lot in a final state."""
    if standing.state in FINAL:
        return ()
    reasons = [Reason("release.overdue", {"state": standing.at.value})] if standing.interrupted else []
    state = standing.at
    if state in (LotState.ARRIVED, LotState.ON_SITE, LotState.TREATED):
        missing = [check for check in site_checks(standing, rule) if check not in standing.passed]
        reasons += [Reason("release.check_missing", {"check": check.value}) for check in missing]
        if not missing:
            needed = "release.sample_missing" if needs_result(standing, rule) else "release.awaits_release"
            reasons.append(Reason(needed))
    elif state is LotState.REPORT_VERIFIED:
        reasons.append(Reason("release.sample_missing" if standing.drawn else "release.awaits_release"))
    elif state is LotState.CONDITIONALLY_RELEASED:
        reasons += _outside(standing, rule)
    elif state in _WAITS:
        reasons.append(Reason(_WAITS[state]))
    if state is not LotState.PASSED and needs_certificate(standing, rule):
        reasons.append(Reason("release.certificate_missing", {"state": state.value, "rule": rule.reference}))
    return tuple(reasons)


def _outside(standing: Standing, rule: ReleaseRule) -> list[Reason]:
    if rule.destination_checks and not standing.there:
        return [Reason("release.awaits_destination")]
    if not checked_there(standing, rule):
        missing = [check for check in rule.destination_checks if check not in standing.passed_there]
        return [Reason("release.check_missing", {"check": check.value}) for check in missing]
    return [Reason("release.awaits_result" if standing.sampled else "release.sample_missing")]
