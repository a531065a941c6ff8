"""What a person asks of a visit is refused where it cannot be: nothing is recorded, and they are told why at once.

What devices tell is another matter: that happened, so it is recorded with why it was not used.
"""

from collections.abc import Mapping

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.events import FactTaken
from kouan.yard.facts import Fact
from kouan.yard.settings import YardSettings
from kouan.yard.states import VisitState
from kouan.yard.visit import step

RULES: Mapping[str, tuple[str, str]] = {
    "over": ("visit", "yard.visit_over"),
    "not_weighed": ("visit", "yard.not_weighed"),
    "withdrawn": ("visit", "yard.withdrawn"),
    "not_handled": ("visit", "yard.not_handled"),
    "nothing_to_sample": ("visit", "yard.nothing_to_sample"),
    "sample_twice": ("sample", "yard.sample_twice"),
    "nothing_to_excuse": ("visit", "yard.nothing_to_excuse"),
    "another_difference": ("visit", "yard.another_difference"),
    "people_differ": ("mend", "yard.people_differ"),
    "not_in_doubt": ("mend", "yard.not_in_doubt"),
    "exiting": ("mend", "yard.exiting"),
    "not_held": ("mend", "yard.not_held"),
    "handled_already": ("mend", "yard.handled_already"),
}
"""Field and rule of each cause why what a person asks cannot be."""


def cannot_be(state: VisitState, fact: Fact, now: Instant, settings: YardSettings) -> Refused | None:
    """Return why what a person asks of a visit cannot be, None where it can."""
    told = step(state, fact, now, settings).events[0]
    if not isinstance(told, FactTaken) or told.unused is None:
        return None
    field, rule = RULES[told.unused]
    return refuse(rule, field=field)
