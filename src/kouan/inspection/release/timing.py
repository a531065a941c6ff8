"""How long a lot may stay where it is, and what happens when nobody was heard in time: nothing waits for ever."""

from msgspec.structs import replace

from kouan.inspection.release.lot import FINAL, LotState
from kouan.inspection.release.rule import ReleaseRule
from kouan.inspection.release.standing import Standing
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse

_SPANS = {
    LotState.DECLARED: "arrival_h",
    LotState.ARRIVED: "on_site_h",
    LotState.ON_SITE: "on_site_h",
    LotState.HELD: "hold_h",
    LotState.SAMPLED: "result_h",
    LotState.REPORT_VERIFIED: "on_site_h",
    LotState.CONDITIONALLY_RELEASED: "result_h",
    LotState.PASSED: "certificate_h",
    LotState.RECALLED: "recall_h",
    LotState.TREATED: "treatment_h",
}
"""How long a lot may stay in each state, by the name of the rule's deadline."""


def deadline(standing: Standing, rule: ReleaseRule, now: Instant) -> Instant | None:
    """Return when somebody is called about a lot that has just come to where it stands; None in a final state."""
    if standing.state in FINAL:
        return None
    span = _SPANS.get(standing.state, "grace_h")
    if standing.state is LotState.CONDITIONALLY_RELEASED and rule.destination_checks and not standing.there:
        span = "destination_h"
    if standing.retest:
        span = "result_h"
    return now + rule.deadlines.us(span)


def pass_deadline(standing: Standing, rule: ReleaseRule, now: Instant) -> Standing | Refused:
    """Note that a deadline has passed: overdue first, then a person is called, and called again."""
    if standing.deadline is None or now < standing.deadline:
        return refuse("release.not_due")
    if standing.interrupted is None:
        late = replace(standing, state=LotState.OVERDUE, interrupted=standing.state)
        return replace(late, deadline=now + rule.deadlines.us("grace_h"))
    return replace(standing, state=LotState.ESCALATED, deadline=now + rule.deadlines.us("again_h"))


def extend(standing: Standing, rule: ReleaseRule, now: Instant) -> Standing | Refused:
    """Give an overdue lot its time once more."""
    if standing.interrupted is None:
        return refuse("release.not_now", state=standing.state.value, fact="extended")
    resumed = replace(standing, state=standing.interrupted, interrupted=None)
    return replace(resumed, deadline=deadline(resumed, rule, now))
