"""The release machine: one pure step from a standing and a fact to the next standing, or a refusal.

``TRANSITIONS`` says which fact is heard in which state; what is not in it is refused. An overdue lot hears what the
state that is overdue hears, so that a late result is no lost result.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from kouan.inspection.release import moves, timing
from kouan.inspection.release.facts import (
    Arrived,
    Asked,
    CertificateIssued,
    CertificateRevoked,
    CheckedThere,
    DeadlinePassed,
    Disposed,
    Extended,
    Fact,
    Found,
    HoldLifted,
    ReachedDestination,
    RecallOrdered,
    Recovered,
    ReleaseDenied,
    ReleaseGranted,
    ReportVerified,
    ResultIn,
    RetestOrdered,
    SampleTaken,
    SiteChecked,
    kind_of,
)  # fmt: skip
from kouan.inspection.release.lot import FINAL, LotState
from kouan.inspection.release.rule import ReleaseRule
from kouan.inspection.release.standing import Standing, needs_certificate
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse

VERSION = "release-machine@2"
"""Name and version of the machine, which every transition cites beside its rule."""

Move = Callable[[Standing, Any, ReleaseRule, Instant], Standing | Refused]
Transitions = Mapping[tuple[LotState, type], Move]
S = LotState

_WISHES = (S.DECLARED, S.ARRIVED, S.ON_SITE, S.TREATED)
_FINDABLE = (S.DECLARED, S.ARRIVED, S.ON_SITE, S.SAMPLED, S.REPORT_VERIFIED, S.TREATED)
_GONE = (S.CONDITIONALLY_RELEASED, S.PASSED)

TRANSITIONS: Transitions = {
    (S.DECLARED, Arrived): moves.arrive,
    (S.DECLARED, Disposed): moves.withdraw,
    **{(state, Asked): moves.ask for state in _WISHES},
    **{(state, SiteChecked): moves.check_on_site for state in (S.ARRIVED, S.ON_SITE, S.TREATED)},
    **{(state, Found): moves.find_on_site for state in _FINDABLE},
    **{(state, Found): moves.find_outside for state in _GONE},
    (S.HELD, Found): moves.find_again,
    (S.RECALLED, Found): moves.find_again,
    (S.ON_SITE, SampleTaken): moves.take_sample,
    (S.REPORT_VERIFIED, SampleTaken): moves.take_sample,
    (S.CONDITIONALLY_RELEASED, SampleTaken): moves.take_sample_there,
    (S.ON_SITE, ReportVerified): moves.verify_report,
    **{(state, ReleaseGranted): moves.grant for state in (S.ON_SITE, S.SAMPLED, S.REPORT_VERIFIED)},
    **{(state, ReleaseDenied): moves.deny for state in (S.ON_SITE, S.SAMPLED, S.REPORT_VERIFIED)},
    (S.SAMPLED, ResultIn): moves.take_result,
    (S.CONDITIONALLY_RELEASED, ResultIn): moves.take_result,
    (S.HELD, ResultIn): moves.take_second_result,
    (S.RECALLED, ResultIn): moves.take_second_result,
    (S.PASSED, CertificateIssued): moves.certify,
    (S.FREE, CertificateRevoked): moves.revoke,
    (S.CONDITIONALLY_RELEASED, ReachedDestination): moves.reach_destination,
    (S.CONDITIONALLY_RELEASED, CheckedThere): moves.check_there,
    (S.HELD, HoldLifted): moves.lift_hold,
    (S.HELD, RetestOrdered): moves.order_retest,
    (S.RECALLED, RetestOrdered): moves.order_retest,
    **{(state, RecallOrdered): moves.recall for state in _GONE},
    (S.RECALLED, Recovered): moves.recover,
    (S.HELD, Disposed): moves.dispose,
    (S.RECALLED, Disposed): moves.dispose,
}
"""Which fact is heard in which state, and what it does."""


class Moved(msgspec.Struct, frozen=True):
    """One transition: where the lot stands now, from and to which state, and the rule and machine that say so."""

    standing: Standing
    before: LotState
    after: LotState
    fact: str
    cites: tuple[str, ...]

    @property
    def deadline(self) -> Instant | None:
        """When somebody is called; None in a final state."""
        return self.standing.deadline


def begin(rule: ReleaseRule, now: Instant) -> Standing:
    """Return the standing of a lot that was just declared."""
    return Standing(deadline=now + rule.deadlines.us("arrival_h"))


def step(standing: Standing, fact: Fact, rule: ReleaseRule, now: Instant) -> Moved | Refused:
    """Return the one transition that a fact makes, or the reason why it makes none."""
    if standing.state in FINAL and not isinstance(fact, CertificateRevoked):
        return refuse("release.final", state=standing.state.value)
    if isinstance(fact, DeadlinePassed):
        after = timing.pass_deadline(standing, rule, now)
    elif isinstance(fact, Extended):
        after = timing.extend(standing, rule, now)
    else:
        after = _hear(standing, fact, rule, now)
    if isinstance(after, Refused):
        return after
    return Moved(after, standing.state, after.state, kind_of(fact), (rule.reference, VERSION))


def _hear(standing: Standing, fact: Fact, rule: ReleaseRule, now: Instant) -> Standing | Refused:
    move = TRANSITIONS.get((standing.at, type(fact)))
    if move is None:
        return refuse("release.not_now", state=standing.state.value, fact=kind_of(fact))
    resumed = replace(standing, state=standing.at, interrupted=None)
    after = move(resumed, fact, rule, now)
    if isinstance(after, Refused):
        return after
    if after.state is resumed.state and not _reopens(after, resumed):
        return replace(after, state=standing.state, interrupted=standing.interrupted, deadline=standing.deadline)
    return replace(after, deadline=timing.deadline(after, rule, now))


def _reopens(after: Standing, before: Standing) -> bool:
    """Say whether a lot that stays in its state waits for something else now, and from now on."""
    return (after.there, after.retest, after.recovered) != (before.there, before.retest, before.recovered)


def automatic(standing: Standing, rule: ReleaseRule) -> LotState | None:
    """Return the state that a lot goes on to at once by its rule alone, None where it waits for somebody."""
    match standing.state:
        case LotState.ON_SITE_FAILED:
            return LotState.HELD
        case LotState.FAILED:
            return LotState.RECALLED if standing.out else LotState.HELD
        case LotState.CERTIFIED:
            return LotState.FREE
        case LotState.PASSED if not needs_certificate(standing, rule):
            return LotState.FREE
    return None


def settle(moved: Moved, rule: ReleaseRule, now: Instant) -> tuple[Moved, ...]:
    """Return a transition and those that follow from it at once, by the rule alone, in their order."""
    made = [moved]
    while True:
        standing = made[-1].standing
        onward = automatic(standing, rule)
        if onward is not None:
            after = replace(standing, state=onward)
            after = replace(after, deadline=timing.deadline(after, rule, now))
            made.append(Moved(after, standing.state, onward, "by_rule", (rule.reference, VERSION)))
            continue
        if not moves.grants_itself(standing, rule):
            return tuple(made)
        granted = step(standing, ReleaseGranted(), rule, now)
        if isinstance(granted, Refused):
            return tuple(made)
        made.append(granted)
