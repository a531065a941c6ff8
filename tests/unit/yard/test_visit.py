"""A visit, fact by fact: who may leave, with what, and who is called where nothing happens."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.yard.yard_kit import (
    DOMESTIC,
    MINUTE,
    NOW,
    SETTINGS,
    delivery,
    handling,
    pick_up,
    tallied,
    ticket,
    weighed,
)

from kouan.vocabulary.verdict import Reason
from kouan.yard.events import CallPerson, FactTaken, GateOut, LetOut, NetKnown, VehicleLeft
from kouan.yard.facts import (
    Arrived,
    DeadlinePassed,
    ExceptionSigned,
    Fact,
    HoldMended,
    Leave,
    Mend,
    ReleaseWithdrawn,
    SampleTaken,
    SeenLeaving,
)
from kouan.yard.people import Aboard, difference_digest
from kouan.yard.states import Came, Handled, Held, Left, Ready, VisitState, Weighed, decode_state, encode_state
from kouan.yard.visit import Step, deadline_of, fold, open_visit, step

DRIVER = Aboard(1, ("a" * 64,))
STRANGER = Aboard(2, ("a" * 64, "b" * 64))
FREE = Leave(500_000)


def run(arrived: Arrived, *facts: Fact, now: int = NOW) -> Step:
    taken = open_visit(arrived, SETTINGS)
    for fact in facts:
        taken = step(taken.state, fact, now, SETTINGS)
    return taken


def brought(*more: Fact) -> Step:
    return run(delivery(), weighed(97_000, "g"), handling(), tallied(), weighed(17_000, "t"), *more)


def fetched(net_kg: int, leave: Leave | None = FREE, *more: Fact, arrived: Arrived | None = None) -> Step:
    first = weighed(15_000, "t", plate=DOMESTIC)
    second = weighed(15_000 + net_kg, "g", leave, plate=DOMESTIC)
    return run(arrived or pick_up(), first, handling(), tallied(), second, *more)


def calls(taken: Step) -> list[tuple[int, str]]:
    return [(each.priority, each.reason.code) for each in taken.commands if isinstance(each, CallPerson)]


def reasons(taken: Step) -> list[str]:
    assert isinstance(taken.state, Held)
    return [reason.code for reason in taken.state.reasons]


def unused(taken: Step) -> str | None:
    assert isinstance(taken.events[0], FactTaken)
    return taken.events[0].unused


def test_a_delivery_is_gross_less_tare_and_the_lorry_leaves_empty() -> None:
    taken = brought()
    assert next(event for event in taken.events if isinstance(event, NetKnown)).net_kg == 80_000
    assert calls(taken) == []
    gone = step(taken.state, SeenLeaving(NOW, DRIVER), NOW, SETTINGS)
    assert isinstance(gone.state, Left)
    assert LetOut("v1", "蒙B023H6") in gone.commands
    assert [event.net_kg for event in gone.events if isinstance(event, VehicleLeft)] == [80_000]


def test_a_lorry_takes_released_goods_out_within_the_tolerance_of_its_order() -> None:
    taken = fetched(30_120)
    out = [event for event in taken.events if isinstance(event, GateOut)]
    assert [(each.mass_kg, each.order, each.no_sale) for each in out] == [(30_120, "order-1", False)]
    assert isinstance(fetched(30_000, FREE, SeenLeaving(NOW, DRIVER)).state, Left)


@pytest.mark.parametrize(
    ("net_kg", "leave", "codes"),
    [
        (30_121, FREE, ["yard.out_of_tolerance"]),
        (29_879, FREE, ["yard.out_of_tolerance"]),
        (30_000, None, ["yard.not_released"]),
        (30_000, Leave(29_999), ["yard.more_than_released"]),
        (30_000, Leave(0, reasons=(Reason("release.may_not_leave"),)), ["release.may_not_leave"]),
        (31_000, Leave(1), ["yard.more_than_released", "yard.out_of_tolerance"]),
    ],
)
def test_a_lorry_is_held_for_every_reason_that_there_is(net_kg: int, leave: Leave | None, codes: list[str]) -> None:
    taken = fetched(net_kg, leave)
    assert reasons(taken) == codes
    assert not [event for event in taken.events if isinstance(event, GateOut)]
    assert calls(taken) == [(2, codes[0])]
    assert unused(step(taken.state, SeenLeaving(NOW, DRIVER), NOW, SETTINGS)) == "not_ready"


def test_an_order_that_ran_out_while_loading_holds_the_lorry() -> None:
    taken = run(
        pick_up(), weighed(15_000, "t", plate=DOMESTIC), handling(), tallied(),
        weighed(45_000, "g", FREE, plate=DOMESTIC), now=NOW + 600 * MINUTE,
    )  # fmt: skip
    assert "yard.order_expired" in reasons(taken)


def test_a_held_lorry_weighs_again_or_loads_again_as_a_person_says() -> None:
    held = fetched(31_000).state
    again = step(held, HoldMended(NOW, Mend.WEIGH_AGAIN, "wang", "a wheel was off the deck"), NOW, SETTINGS).state
    assert isinstance(again, Handled)
    ready = step(again, weighed(45_050, "g2", FREE, plate=DOMESTIC), NOW, SETTINGS).state
    assert isinstance(ready, Ready)
    assert ready.net_kg == 30_050
    reload = step(held, HoldMended(NOW, Mend.HANDLE_AGAIN, "wang", "unload a ton"), NOW, SETTINGS).state
    assert isinstance(reload, Weighed)


def test_who_is_turned_away_leaves_only_as_it_came() -> None:
    held = fetched(31_000).state
    away = step(held, HoldMended(NOW, Mend.TURN_AWAY, "wang", "cancelled"), NOW, SETTINGS).state
    loaded = step(away, weighed(45_000, "x", plate=DOMESTIC), NOW, SETTINGS)
    assert reasons(loaded) == ["yard.not_as_it_came"]
    empty = step(away, weighed(15_060, "x", plate=DOMESTIC), NOW, SETTINGS).state
    assert isinstance(empty, Ready)
    assert empty.net_kg == 0
    gone = step(empty, SeenLeaving(NOW, DRIVER), NOW, SETTINGS).state
    assert isinstance(gone, Left)
    assert gone.net_kg == 0


def test_a_release_withdrawn_at_the_last_moment_keeps_the_lorry_in() -> None:
    withdrawn = ReleaseWithdrawn(NOW, Reason("release.recalled"))
    taken = fetched(30_000, FREE, withdrawn)
    assert calls(taken) == [(1, "release.recalled")]
    assert unused(step(taken.state, SeenLeaving(NOW, DRIVER), NOW, SETTINGS)) == "not_ready"
    people_differ = fetched(30_000, FREE, SeenLeaving(NOW, STRANGER), withdrawn).state
    digest = difference_digest(DRIVER, STRANGER)
    excused = step(people_differ, ExceptionSigned(NOW, "li", "in order", digest), NOW, SETTINGS)
    assert unused(excused) == "nothing_to_excuse"


@pytest.mark.parametrize(
    ("leaving", "code"),
    [
        (STRANGER, "people.count"),
        (Aboard(0), "people.count"),
        (Aboard(1, ("b" * 64,)), "people.stranger"),
        (Aboard(1), "people.missing"),
    ],
)
def test_other_people_than_came_in_hold_the_vehicle_as_an_emergency(leaving: Aboard, code: str) -> None:
    taken = brought(SeenLeaving(NOW, leaving))
    assert reasons(taken)[0] == code
    assert calls(taken)[0] == (1, code)
    assert unused(step(taken.state, HoldMended(NOW, Mend.WEIGH_AGAIN, "wang", "so"), NOW, SETTINGS)) == "people_differ"
    assert isinstance(step(taken.state, SeenLeaving(NOW, DRIVER), NOW, SETTINGS).state, Left)


def test_a_signed_exception_excuses_one_difference_and_no_other() -> None:
    held = brought(SeenLeaving(NOW, STRANGER)).state
    wrong = ExceptionSigned(NOW, "li", "a second driver", difference_digest(DRIVER, Aboard(3)))
    assert unused(step(held, wrong, NOW, SETTINGS)) == "another_difference"
    right = ExceptionSigned(NOW, "li", "a second driver", difference_digest(DRIVER, STRANGER))
    gone = step(held, right, NOW, SETTINGS)
    assert isinstance(gone.state, Left)
    assert [each.by for each in gone.state.stay.exceptions] == ["li"]


def test_an_unweighed_ticket_moves_nothing_and_calls_for_another_scale() -> None:
    taken = run(delivery(), weighed(97_000, "g", cause="yard.scale_out_of_use"))
    assert isinstance(taken.state, Came)
    assert unused(taken) == "unweighed"
    assert calls(taken) == [(3, "yard.unweighed")]


def test_a_ticket_counts_once_and_for_its_own_vehicle_only() -> None:
    once = run(delivery(gate=ticket(97_100, "gate")), weighed(97_000, "g"))
    assert unused(step(once.state, weighed(97_000, "g"), NOW, SETTINGS)) == "ticket_twice"
    assert unused(step(once.state, weighed(97_000, "gate"), NOW, SETTINGS)) == "ticket_twice"
    assert unused(step(once.state, weighed(97_000, "h", plate="蒙B000A1"), NOW, SETTINGS)) == "another_vehicle"


def test_a_tare_heavier_than_the_gross_holds_the_lorry() -> None:
    taken = run(delivery(), weighed(17_000, "g"), handling(), tallied(), weighed(97_000, "t"))
    assert reasons(taken) == ["yard.no_net"]


def test_goods_that_the_books_cannot_take_in_hold_the_lorry() -> None:
    full = Leave(0, reasons=(Reason("yard.stack_full"),))
    taken = run(delivery(), weighed(97_000, "g"), handling(), tallied(), weighed(17_000, "t", full))
    assert reasons(taken) == ["yard.stack_full"]


def test_a_carriers_ticket_that_differs_calls_a_person_and_the_ports_weight_counts() -> None:
    taken = run(delivery(), weighed(97_000, "g"), handling(), tallied(), weighed(17_241, "t"))
    assert calls(taken) == [(3, "yard.carrier_ticket_differs")]
    assert isinstance(taken.state, Ready)
    assert taken.state.net_kg == 79_759


def test_silence_calls_people_ever_more_urgently_and_lets_nobody_go() -> None:
    taken = run(delivery(), weighed(97_000, "g"), handling())
    priorities = []
    for _ in range(3):
        assert taken.next_deadline is not None
        taken = step(taken.state, DeadlinePassed(NOW), taken.next_deadline, SETTINGS)
        priorities += calls(taken)
    assert priorities == [(3, "yard.overdue_handling"), (2, "yard.overdue_handling"), (1, "yard.overdue_handling")]
    assert taken.next_deadline is None
    early = step(taken.state, DeadlinePassed(NOW), NOW, SETTINGS)
    assert early.events == ()


def test_perishable_goods_have_a_clock_that_calls_before_it_is_too_late() -> None:
    until = NOW + 240 * MINUTE
    taken = run(delivery(hs_code="0703", green_until=until), weighed(30_000, "g"))
    seen = []
    while taken.next_deadline is not None:
        now = taken.next_deadline
        taken = step(taken.state, DeadlinePassed(now), now, SETTINGS)
        seen += [(priority, (now - NOW) // MINUTE) for priority, code in calls(taken) if code == "yard.perishable"]
    assert seen == [(3, 120), (2, 240), (1, 270)]


def test_samples_are_taken_of_what_was_brought_and_each_once() -> None:
    one = SampleTaken(NOW, "S1", 12, "SEAL1", "wang")
    assert unused(run(delivery(), one)) == "nothing_to_sample"
    taken = run(delivery(), weighed(97_000, "g"), handling(), one)
    assert [each.sample for each in taken.state.stay.samples] == ["S1"]
    assert unused(step(taken.state, one, NOW, SETTINGS)) == "sample_twice"


def test_a_lorry_seen_leaving_without_leave_is_an_emergency() -> None:
    taken = run(delivery(), weighed(97_000, "g"), SeenLeaving(NOW, DRIVER))
    assert calls(taken) == [(1, "yard.leaves_without_leave")]
    assert isinstance(taken.state, Weighed)


PEOPLE = st.sampled_from([DRIVER, STRANGER, Aboard(0), Aboard(1)])
PLATES = st.sampled_from(["蒙B023H6", DOMESTIC])
LEAVES = st.sampled_from([None, FREE, Leave(10_000), Leave(0, reasons=(Reason("release.may_not_leave"),))])
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        lambda mass, number, plate, leave, cause: weighed(mass, number, leave, plate=plate, cause=cause),
        st.sampled_from([15_000, 45_000, 97_000]), st.sampled_from("abcdef"), PLATES, LEAVES,
        st.sampled_from([None, None, None, "yard.scale_zero_unchecked"]),
    ),
    st.just(handling()),
    st.builds(tallied, sound=st.booleans()),
    st.builds(SeenLeaving, st.just(NOW), PEOPLE),
    st.builds(ExceptionSigned, st.just(NOW), st.just("li"), st.just("so"),
              st.sampled_from([difference_digest(DRIVER, STRANGER), ""])),
    st.builds(HoldMended, st.just(NOW), st.sampled_from(Mend), st.just("wang"), st.just("so")),
    st.just(ReleaseWithdrawn(NOW, Reason("release.recalled"))),
    st.builds(SampleTaken, st.just(NOW), st.sampled_from(["S1", "S2"]), st.just(10), st.just("X"), st.just("wang")),
    st.just(DeadlinePassed(NOW)),
)  # fmt: skip


USUAL: dict[str, tuple[Fact, ...]] = {
    "delivery": (weighed(97_000, "g"), handling(), tallied(), weighed(17_000, "t"), SeenLeaving(NOW, DRIVER)),
    "pick_up": (
        weighed(15_000, "t", plate=DOMESTIC), handling(), tallied(), weighed(45_000, "g", FREE, plate=DOMESTIC),
        SeenLeaving(NOW, DRIVER),
    ),
}  # fmt: skip


@given(
    st.sampled_from([delivery(), pick_up()]),
    st.integers(0, 5),
    st.lists(st.tuples(FACTS, st.integers(0, 90)), max_size=25),
)
@settings(deadline=None, max_examples=300)
def test_no_sequence_lets_a_vehicle_out_without_what_it_needs(
    arrived: Arrived, usual: int, then: list[tuple[Fact, int]]
) -> None:
    plan = [*((fact, 1) for fact in USUAL[arrived.purpose][:usual]), *then]
    taken = open_visit(arrived, SETTINGS)
    recorded, states, now = list(taken.events), [taken.state], NOW
    nets = outs = 0
    for fact, minutes in plan:
        now += minutes * MINUTE
        taken = step(taken.state, fact, now, SETTINGS)
        recorded += [event for event in taken.events if isinstance(event, FactTaken)]
        states.append(taken.state)
        nets += sum(isinstance(event, NetKnown) for event in taken.events)
        outs += sum(isinstance(each, LetOut) for each in taken.commands)
        assert deadline_of(taken.state) == taken.next_deadline
        assert decode_state(encode_state(taken.state)) == taken.state
    last = states[-1]
    assert nets <= 1
    assert outs == int(isinstance(last, Left))
    assert fold([msgspec.convert(msgspec.to_builtins(each), type(each)) for each in recorded], SETTINGS) == last  # type: ignore[arg-type]
    if isinstance(last, Left):
        _left_rightly(states, last)


def _left_rightly(states: list[VisitState], last: Left) -> None:
    stay = last.stay
    assert any(isinstance(state, Ready) for state in states)
    assert stay.turned is not None or (stay.net is not None and stay.net.mass_kg == last.net_kg > 0)
    weighings = [each for each in (stay.first, stay.second) if each is not None]
    assert all(each.plate == stay.plate and each.cause is None for each in weighings)
    if stay.terms is not None and last.net_kg:
        assert abs(last.net_kg - stay.terms.quantity_kg) <= SETTINGS.tolerances.pick_up_kg
        assert stay.withdrawn is None
