"""Whether a lot may leave the site, and whether it may be sold: the two questions that others ask of release."""

from kouan.inspection.release.lot import LotState
from kouan.inspection.release.rule import ReleaseRule
from kouan.inspection.release.standing import Standing, needs_certificate, needs_result
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse

_MAY_LEAVE = frozenset({LotState.CONDITIONALLY_RELEASED, LotState.PASSED, LotState.CERTIFIED, LotState.FREE})


def may_leave(standing: Standing, rule: ReleaseRule, now: Instant) -> Verdict:
    """Say whether goods of a lot may leave the site now; an overdue lot's may not, even before it is noted as such."""
    if standing.state not in _MAY_LEAVE:
        return refuse("release.may_not_leave", state=standing.state.value, rule=rule.reference)
    if standing.deadline is not None and now >= standing.deadline:
        return refuse("release.overdue", state=standing.state.value, rule=rule.reference)
    return GRANTED


def may_sell(standing: Standing, rule: ReleaseRule) -> Verdict:
    """Say whether goods of a lot may be sold or used; nothing but free goods ever may (I22)."""
    if standing.state is LotState.FREE:
        return GRANTED
    if needs_certificate(standing, rule):
        return refuse("release.certificate_missing", state=standing.state.value, rule=rule.reference)
    if needs_result(standing, rule):
        return refuse("release.result_missing", state=standing.state.value, rule=rule.reference)
    return refuse("release.not_free", state=standing.state.value, rule=rule.reference)


def released_kg(standing: Standing, mass_kg: int) -> int:
    """Return how much of a lot of this mass a release is of: no more than its certificate covers now."""
    return mass_kg if standing.certified_kg is None else min(mass_kg, standing.certified_kg)


def no_sale(standing: Standing) -> bool:
    """Say whether goods that leave now are not to be sold or used."""
    return standing.state is not LotState.FREE
