"""Out by a signed order, fact by fact: one order a decision, and none after it that might open a second time."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.yard.test_visit import DRIVER, STRANGER, brought, calls, fetched, unused
from tests.unit.yard.yard_kit import LORRY, MINUTE, NOW, SETTINGS

from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.verdict import Reason
from kouan.yard.events import ExitOrdered, ExitVoided, FactTaken, IssueExit, OpenExit, VehicleLeft, VoidOrders
from kouan.yard.exits import LEAVE_WAIT_US, ORDER_LIFE_US, REPORT_WAIT_US, visit_of
from kouan.yard.facts import (
    DeadlinePassed,
    ExceptionSigned,
    ExitCrossed,
    ExitReported,
    Fact,
    HoldMended,
    Line,
    Mend,
    ReleaseWithdrawn,
    SeenLeaving,
    Signed,
)
from kouan.yard.people import difference_digest
from kouan.yard.states import Held, Leaving, Left, Ready, VisitState, decode_state, encode_state
from kouan.yard.visit import Step, deadline_of, fold, step

LINE = Line("X1", 7, 6)
SEEN = SeenLeaving(NOW, DRIVER, LINE)
RECALLED = ReleaseWithdrawn(NOW, Reason("release.recalled"))


def take(state: VisitState, fact: Fact, now: Instant = NOW) -> Step:
    """Take a fact in as the yard does: with the signature of the order that it asks for."""
    taken = step(state, fact, now, SETTINGS)
    asked = [each for each in taken.commands if isinstance(each, IssueExit)]
    if not asked or not isinstance(fact, SeenLeaving | ExceptionSigned):
        return taken
    signed = Signed(f"nonce-of-{asked[0].order.order_id}", f"jws-of-{asked[0].order.order_id}")
    return step(state, replace(fact, signed=signed), now, SETTINGS)


def leaving(state: VisitState | None = None) -> Leaving:
    """Return a visit whose exit is ordered to open."""
    found = take(state or fetched(30_000).state, SEEN).state
    assert isinstance(found, Leaving)
    return found


def report(state: Leaving, outcome: str, rule: str | None = None) -> ExitReported:
    return ExitReported(NOW, state.order.order_id, outcome, rule)


def crossing(state: Leaving, vehicles: int = 1) -> ExitCrossed:
    return ExitCrossed(NOW, "X1", 7, vehicles, state.order.order_id)


def mended(how: Mend) -> HoldMended:
    return HoldMended(NOW, how, "li", "looked")


def test_who_may_leave_is_ordered_out_and_is_out_once_it_crossed() -> None:
    taken = take(fetched(30_000).state, SEEN)
    (ordered,) = [each for each in taken.events if isinstance(each, ExitOrdered)]
    assert (ordered.plate, ordered.net_kg, ordered.order.line) == (fetched(30_000).state.stay.plate, 30_000, LINE)
    assert ordered.order.expires_at - ordered.order.issued_at == ORDER_LIFE_US
    assert taken.commands == (OpenExit(ordered.order),)
    assert ordered.order.jws
    opened = take(taken.state, report(leaving(), "actuated"))
    assert (opened.commands, opened.next_deadline) == ((), NOW + LEAVE_WAIT_US)
    gone = take(opened.state, crossing(leaving()))
    assert isinstance(gone.state, Left)
    assert [each.order_id for each in gone.events if isinstance(each, VehicleLeft)] == [ordered.order.order_id]


def test_an_order_names_its_visit_and_no_other_name_does() -> None:
    assert visit_of(leaving().order.order_id) == "v1"
    assert visit_of("reset-X1-0123456789abcdef") is None


def test_a_lorry_that_unloaded_leaves_by_an_order_as_well() -> None:
    state = leaving(brought().state)
    assert (state.stay.plate, state.net_kg) == (LORRY, 80_000)


def test_an_order_that_is_shown_for_again_while_in_force_is_sent_again_and_no_other_is_made() -> None:
    state = leaving()
    again = take(state, SEEN, NOW + seconds(3))
    assert again.commands == (OpenExit(state.order),)
    late = take(state, SEEN, NOW + seconds(5))
    assert (late.commands, unused(late), calls(late)) == ((), "exiting", [])
    opened = take(state, report(state, "actuated")).state
    assert unused(take(opened, SEEN)) == "exiting"


def test_a_refused_order_lets_the_lorry_leave_by_another_one() -> None:
    state = leaving()
    voided = take(state, report(state, "refused", "vehicle.axles_differ"))
    assert isinstance(voided.state, Ready)
    assert [each.cause for each in voided.events if isinstance(each, ExitVoided)] == ["vehicle.axles_differ"]
    assert calls(voided) == [(3, "yard.exit_refused")]
    assert leaving(voided.state).order.order_id != state.order.order_id
    assert unused(take(voided.state, report(state, "actuated"))) == "another_order"


@pytest.mark.parametrize("outcome", ["uncertain", "refused"])
def test_an_opening_that_is_taken_back_calls_a_person_and_orders_nothing(outcome: str) -> None:
    opened = take(leaving(), report(leaving(), "actuated")).state
    doubted = take(opened, report(leaving(), outcome, "barrier.never_moved"))
    assert calls(doubted) == [(2, "yard.exit_uncertain")]
    assert isinstance(doubted.state, Leaving)
    assert unused(take(doubted.state, SEEN)) == "exiting"
    here = take(doubted.state, mended(Mend.STILL_HERE))
    assert isinstance(here.state, Ready)
    assert [each.cause for each in here.events if isinstance(each, ExitVoided)] == ["still_here"]
    assert isinstance(take(doubted.state, mended(Mend.SEEN_GONE)).state, Left)


def test_silence_of_the_lane_controller_calls_people_again_and_again_and_what_it_says_late_counts() -> None:
    state, now = leaving(), NOW + ORDER_LIFE_US + REPORT_WAIT_US
    assert take(state, DeadlinePassed(now - 1), now - 1).events == ()
    silent = take(state, DeadlinePassed(now), now)
    assert calls(silent) == [(2, "yard.exit_unanswered")]
    again = take(silent.state, DeadlinePassed(now + 5 * MINUTE), now + 5 * MINUTE)
    assert calls(again) == [(3, "yard.overdue_exiting")]
    assert isinstance(take(again.state, report(state, "refused", "order.expired")).state, Ready)
    late = take(again.state, report(state, "actuated")).state
    assert isinstance(late, Leaving)
    assert late.doubt is None


def test_a_lorry_that_was_not_seen_to_cross_is_looked_for() -> None:
    opened = take(leaving(), report(leaving(), "actuated"))
    assert opened.next_deadline is not None
    assert calls(take(opened.state, DeadlinePassed(opened.next_deadline), opened.next_deadline)) == [
        (2, "yard.exit_unseen")
    ]


def test_a_person_says_where_it_is_only_of_a_lorry_of_which_nobody_knows() -> None:
    for how in (Mend.SEEN_GONE, Mend.STILL_HERE):
        assert unused(take(leaving(), mended(how))) == "not_in_doubt"
        assert unused(take(fetched(30_000).state, mended(how))) == "not_in_doubt"


def test_a_recall_voids_the_order_and_holds_what_it_had_not_opened_for() -> None:
    withdrawn = take(leaving(), RECALLED)
    assert [each for each in withdrawn.commands if isinstance(each, VoidOrders)] == [VoidOrders("X1")]
    assert calls(withdrawn) == [(1, "release.recalled")]
    assert unused(take(withdrawn.state, SEEN)) == "exiting"
    held = take(withdrawn.state, report(leaving(), "refused", "order.epoch_stale")).state
    assert isinstance(held, Held)
    assert [each.code for each in held.reasons] == ["release.recalled"]
    too_late = take(withdrawn.state, report(leaving(), "actuated")).state
    assert isinstance(take(too_late, crossing(leaving())).state, Left)


def test_a_crossing_of_nobody_who_was_let_out_is_an_emergency() -> None:
    ready = fetched(30_000).state
    assert calls(take(ready, ExitCrossed(NOW, "X1", 7, 1))) == [(1, "yard.broke_through")]
    for other in (ExitCrossed(NOW, "X2", 7, 1), ExitCrossed(NOW, "X1", 8, 1), ExitCrossed(NOW, "X1", 7, 1, "x/exit-1")):
        assert unused(take(leaving(), other)) == "not_let_out"
    assert unused(take(leaving(), ExitCrossed(NOW, "X1", 7, 0))) == "nobody_left"
    assert calls(take(leaving(), crossing(leaving(), 2))) == [(1, "yard.exit_tailgating")]


def test_an_excused_difference_orders_the_exit_at_the_stop_where_it_was_found() -> None:
    held = take(fetched(30_000).state, replace(SEEN, aboard=STRANGER)).state
    excused = take(held, ExceptionSigned(NOW, "li", "a second driver", difference_digest(DRIVER, STRANGER)))
    assert isinstance(excused.state, Leaving)
    assert excused.state.order.line == LINE


FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.just(SEEN),
    st.just(replace(SEEN, line=Line("X2", 9, 6))),
    st.just(replace(SEEN, aboard=STRANGER)),
    st.just(ExceptionSigned(NOW, "li", "so", difference_digest(DRIVER, STRANGER))),
    st.builds(
        ExitReported, st.just(NOW), st.integers(5, 12).map(lambda number: f"v1/exit-{number}"),
        st.sampled_from(["actuated", "refused", "uncertain"]), st.just("rule"),
    ),
    st.builds(ExitCrossed, st.just(NOW), st.sampled_from(["X1", "X2"]), st.sampled_from([7, 9]), st.integers(0, 2)),
    st.builds(mended, st.sampled_from(Mend)),
    st.just(RECALLED),
    st.just(DeadlinePassed(NOW)),
)  # fmt: skip


@given(st.sampled_from([fetched(30_000), brought()]), st.lists(st.tuples(FACTS, st.integers(0, 20)), max_size=20))
@settings(deadline=None, max_examples=200)
def test_no_sequence_orders_an_exit_twice_but_after_the_first_surely_opened_nothing(
    begun: Step, plan: list[tuple[Fact, int]]
) -> None:
    state, now, free, recorded = begun.state, NOW, True, list[FactTaken]()
    first, ids = begun.state, set[str]()
    for fact, at in plan:
        now += at * seconds(2)
        taken = take(state, fact, now)
        recorded += [event for event in taken.events if isinstance(event, FactTaken)]
        for event in taken.events:
            if isinstance(event, ExitOrdered):
                assert free, "another order is out, and may have opened"
                assert event.order.order_id not in ids
                ids.add(event.order.order_id)
                free = False
            elif isinstance(event, ExitVoided):
                told = isinstance(fact, ExitReported) and fact.outcome == "refused"
                looked = isinstance(fact, HoldMended) and isinstance(state, Leaving) and state.doubt is not None
                assert told or looked
                free = True
        for command in taken.commands:
            assert not isinstance(command, OpenExit) or now < command.order.expires_at
        if isinstance(taken.state, Left) and not isinstance(state, Left):
            seen = isinstance(fact, HoldMended) and isinstance(state, Leaving) and state.doubt is not None
            assert isinstance(fact, ExitCrossed) or seen
        assert isinstance(taken.state, Leaving | Left) != free, "who is on its way out has one order that may be open"
        assert deadline_of(taken.state) == taken.next_deadline
        assert decode_state(encode_state(taken.state)) == taken.state
        state = taken.state
    again = first
    for event in recorded:
        again = step(again, event.fact, event.at, SETTINGS).state
    assert again == state
    assert fold([], SETTINGS) is None
    assert msgspec.json.decode(msgspec.json.encode(recorded), type=list[FactTaken]) == recorded
