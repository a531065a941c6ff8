"""What a person asks of a visit is refused with its field and rule exactly where the visit would not use it."""

from collections.abc import Mapping

import pytest
from tests.unit.yard.test_visit import DRIVER, STRANGER, brought, fetched
from tests.unit.yard.yard_kit import MINUTE, NOW, SETTINGS, delivery, handling, tallied, weighed

from kouan.vocabulary.verdict import Reason
from kouan.yard.asking import RULES, cannot_be
from kouan.yard.facts import (
    ExceptionSigned,
    ExitReported,
    Fact,
    HoldMended,
    Leave,
    Line,
    Mend,
    ReleaseWithdrawn,
    SampleTaken,
    SeenLeaving,
    Signed,
)
from kouan.yard.people import difference_digest
from kouan.yard.states import VisitState, state_name
from kouan.yard.visit import open_visit, step

LINE, SIGNED = Line("X1", 7, 6), Signed("n" * 32, "signed")


def after(state: VisitState, *facts: Fact) -> VisitState:
    for fact in facts:
        state = step(state, fact, NOW, SETTINGS).state
    return state


CAME = open_visit(delivery(), SETTINGS).state
HANDLING = after(CAME, weighed(97_000, "g"), handling())
READY = brought().state
LEAVING = after(READY, SeenLeaving(NOW, DRIVER, LINE, SIGNED))
STATES: Mapping[str, VisitState] = {
    "arrived": CAME,
    "weighed": after(CAME, weighed(97_000, "g")),
    "handling": HANDLING,
    "sampled": after(HANDLING, SampleTaken(NOW, "S1", 12, "SEAL1", "wang")),
    "handled": after(HANDLING, tallied()),
    "ready": READY,
    "held for its mass": fetched(31_000, Leave(30_000)).state,
    "held for its goods": after(fetched(30_000).state, ReleaseWithdrawn(NOW, Reason("release.recalled"))),
    "held for its people": after(READY, SeenLeaving(NOW, STRANGER)),
    "held for its people and goods": after(
        fetched(30_000).state, SeenLeaving(NOW, STRANGER), ReleaseWithdrawn(NOW, Reason("release.recalled"))
    ),
    "exiting": LEAVING,
    "in doubt": after(LEAVING, ExitReported(NOW, "v1/exit-5", "uncertain")),
    "left": after(READY, SeenLeaving(NOW, DRIVER)),
}
ASKED: tuple[Fact, ...] = (
    handling(),
    tallied(),
    SampleTaken(NOW, "S1", 12, "SEAL1", "wang"),
    ExceptionSigned(NOW, "zhao", "a second driver", difference_digest(DRIVER, STRANGER)),
    ExceptionSigned(NOW, "zhao", "a second driver", "another"),
    *(HoldMended(NOW, mend, "li", "looked") for mend in Mend),
)


@pytest.mark.parametrize("name", STATES)
def test_what_is_refused_is_what_the_visit_would_not_use_and_nothing_else(name: str) -> None:
    state = STATES[name]
    for fact in ASKED:
        refused, taken = cannot_be(state, fact, NOW + MINUTE, SETTINGS), step(state, fact, NOW + MINUTE, SETTINGS)
        unused = getattr(taken.events[0], "unused", None)
        assert (refused is None) == (unused is None), fact
        if refused is not None:
            (reason,) = refused.reasons
            assert (reason.params["field"], reason.code) == RULES[str(unused)]
            assert state_name(taken.state) == state_name(state)


def test_every_rule_is_met_somewhere() -> None:
    found = {
        getattr(step(state, fact, NOW, SETTINGS).events[0], "unused", None)
        for state in STATES.values()
        for fact in ASKED
    }
    assert found - {None} == set(RULES) - {"withdrawn"}, "goods that are withdrawn hold their lorry before it asks"
