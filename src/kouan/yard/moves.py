"""What each kind of fact does to a visit. Each function returns the move, or the cause why the fact is not used."""

from msgspec.structs import replace

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason, Refused
from kouan.yard.events import CallPerson, GateOut, NetKnown
from kouan.yard.exits import hold_order, let_out, look_out, show_again
from kouan.yard.facts import (
    ExceptionSigned,
    HandlingBegan,
    HoldMended,
    Leave,
    Mend,
    Purpose,
    ReleaseWithdrawn,
    SampleTaken,
    SeenLeaving,
    Tallied,
    TicketTaken,
)
from kouan.yard.move import Move, held
from kouan.yard.people import PeopleException, difference_digest, same_people
from kouan.yard.settings import YardSettings
from kouan.yard.states import Came, Handled, Handling, Held, Leaving, Open, Ready, Stay, Weighed
from kouan.yard.tickets import Ticket, net_of, within


def weigh(  # noqa: PLR0911 - one for each cause
    state: Open, fact: TicketTaken, now: Instant, settings: YardSettings
) -> Move | str:
    """Take a ticket as first or second weighing; one that does not count asks for another scale."""
    ticket, stay = fact.ticket, state.stay
    if ticket.plate != stay.plate:
        return "another_vehicle"
    known = [each.number for each in (stay.gate, stay.first, stay.second) if each is not None]
    if ticket.number in known:
        return "ticket_twice"
    if not isinstance(state, Came | Handled):
        return "not_to_be_weighed"
    if ticket.cause is not None:
        return "unweighed"
    if isinstance(state, Came):
        return Move(Weighed(replace(stay, first=ticket), None))
    if stay.turned is not None:
        return _as_it_came(stay, ticket, settings)
    return _second(replace(stay, second=ticket), fact.leave, now, settings)


def _as_it_came(stay: Stay, ticket: Ticket, settings: YardSettings) -> Move:
    """Let a vehicle that was turned away go, if it weighs what it weighed: nothing was brought or taken."""
    first = stay.first or ticket
    tolerance_kg = settings.tolerances.pick_up_kg
    verdict = within(ticket.mass_kg, first.mass_kg, tolerance_kg)
    if isinstance(verdict, Refused):
        return held(replace(stay, turned=None), Reason("yard.not_as_it_came", verdict.reasons[0].params))
    return Move(Ready(replace(stay, second=ticket), None, 0))


def _second(stay: Stay, leave_: Leave | None, now: Instant, settings: YardSettings) -> Move:
    first, second = stay.first, stay.second
    if first is None or second is None:
        return held(stay, Reason("yard.no_net", {"gross_kg": 0, "tare_kg": 0}))
    gross, tare = (first, second) if stay.purpose is Purpose.DELIVERY else (second, first)
    net = net_of(stay.visit, gross, tare)
    if isinstance(net, Refused):
        return held(stay, *net.reasons)
    if stay.purpose is Purpose.PICK_UP:
        return _loaded(stay, net.mass_kg, leave_, now, settings)
    if leave_ is not None and leave_.reasons:
        return held(stay, *leave_.reasons)
    known = NetKnown(now, stay.visit, stay.lot, net.mass_kg, gross.number, tare.number)
    return Move(Ready(stay, None, net.mass_kg), (known,), _carrier_differs(stay, net.mass_kg, settings))


def _loaded(stay: Stay, net_kg: int, leave_: Leave | None, now: Instant, settings: YardSettings) -> Move:
    """Let a loaded lorry go with what it weighs (``GATE_OUT``), or hold it for every reason that there is."""
    reasons = list(gate_out_refusals(stay, net_kg, leave_, now, settings))
    terms = stay.terms
    if reasons or terms is None or leave_ is None:
        return held(stay, *(reasons or (Reason("yard.no_order"),)))
    out = GateOut(now, stay.visit, stay.plate, stay.lot, terms.order, net_kg, leave_.no_sale)
    return Move(Ready(stay, None, net_kg), (out,))


def gate_out_refusals(
    stay: Stay, net_kg: int, leave_: Leave | None, now: Instant, settings: YardSettings
) -> tuple[Reason, ...]:
    """Return every reason why a lorry may not take a quantity out; none means that it may."""
    terms = stay.terms
    if terms is None:
        return (Reason("yard.no_order"),)
    reasons: list[Reason] = []
    if now >= terms.valid_until:
        reasons.append(Reason("yard.order_expired", {"order": terms.order}))
    if stay.withdrawn is not None:
        reasons.append(stay.withdrawn)
    if leave_ is None:
        reasons.append(Reason("yard.not_released", {"lot": stay.lot}))
    elif leave_.reasons:
        reasons.extend(leave_.reasons)
    elif net_kg > leave_.mass_kg:
        reasons.append(Reason("yard.more_than_released", {"net_kg": net_kg, "left_kg": leave_.mass_kg}))
    verdict = within(net_kg, terms.quantity_kg, settings.tolerances.pick_up_kg)
    if isinstance(verdict, Refused):
        reasons.extend(verdict.reasons)
    return tuple(reasons)


def _carrier_differs(stay: Stay, net_kg: int, settings: YardSettings) -> tuple[CallPerson, ...]:
    """Call a person where the carrier's ticket says something else: it holds nothing, the port's weight counts."""
    loaded = stay.loaded
    if loaded is None or abs(net_kg - loaded.net_kg) * 1000 <= settings.tolerances.ticket_pm * loaded.net_kg:
        return ()
    params: dict[str, str | int] = {"ticket": loaded.number, "net_kg": net_kg, "ticket_kg": loaded.net_kg}
    return (CallPerson(stay.visit, 3, Reason("yard.carrier_ticket_differs", params)),)


def begin_handling(state: Open, fact: HandlingBegan) -> Move | str:
    """Begin to unload or load; nothing is fetched from goods whose release was withdrawn."""
    if not isinstance(state, Weighed):
        return "not_weighed"
    if state.stay.withdrawn is not None:
        return "withdrawn"
    return Move(Handling(replace(state.stay, place=fact.place), None))


def tally(state: Open, fact: Tallied) -> Move | str:
    """End handling with what was counted; goods that are not sound call a person."""
    if not isinstance(state, Handling):
        return "not_handled"
    stay = replace(state.stay, tally=fact)
    reason = Reason("yard.not_sound", {"plate": stay.plate})
    return Move(Handled(stay, None), calls=() if fact.sound else (CallPerson(stay.visit, 3, reason),))


def sample(state: Open, fact: SampleTaken) -> Move | str:
    """Note a sample, taken while the goods of a delivery are handled or lie there."""
    stay = state.stay
    if stay.purpose is not Purpose.DELIVERY or not isinstance(state, Handling | Handled | Ready):
        return "nothing_to_sample"
    if any(each.sample == fact.sample for each in stay.samples):
        return "sample_twice"
    return Move(replace(state, stay=replace(stay, samples=(*stay.samples, fact))))


def leave(state: Open, fact: SeenLeaving, now: Instant) -> Move | str:
    """Let a vehicle out that is ready, with the people who came in it; whoever else is aboard or missing holds it."""
    if isinstance(state, Leaving):
        return show_again(state, now)
    stay = state.stay
    ready = isinstance(state, Ready) or (isinstance(state, Held) and state.leaving is not None)
    net_kg = state.net_kg if isinstance(state, Ready | Held) else None
    if not ready or net_kg is None:
        return "not_ready"
    verdict = same_people(stay.aboard, fact.aboard)
    excused = difference_digest(stay.aboard, fact.aboard) in [each.digest for each in stay.exceptions]
    if isinstance(verdict, Refused) and not excused:
        differ = Held(stay, None, verdict.reasons, leaving=fact.aboard, net_kg=net_kg, line=fact.line)
        return Move(differ, priority=1)
    if stay.withdrawn is not None and stay.turned is None:
        return "withdrawn"
    return let_out(stay, net_kg, now, fact.line, fact.signed)


def excuse(state: Open, fact: ExceptionSigned, now: Instant) -> Move | str:
    """Let a vehicle out whose difference in people border inspection excused: this difference, and no other."""
    if not isinstance(state, Held) or state.leaving is None or state.net_kg is None:
        return "nothing_to_excuse"
    stay = state.stay
    if fact.digest != difference_digest(stay.aboard, state.leaving):
        return "another_difference"
    if stay.withdrawn is not None and stay.turned is None:
        return "withdrawn"
    excused = PeopleException(fact.at, fact.by, fact.reason, fact.digest)
    stay = replace(stay, exceptions=(*stay.exceptions, excused))
    return let_out(stay, state.net_kg, now, state.line, fact.signed)


def mend(state: Open, fact: HoldMended, now: Instant) -> Move | str:  # noqa: PLR0911 - one for each way on
    """Send a vehicle back to the scale or the stacks, or away as it came; people are never mended so.

    Whether its goods are released is asked again at its next weighing. Whether one is out a person says who looked.
    """
    if isinstance(state, Leaving):
        return look_out(state, fact, now)
    if fact.mend in (Mend.SEEN_GONE, Mend.STILL_HERE):
        return "not_in_doubt"
    stay = state.stay
    if isinstance(state, Held) and state.leaving is not None:
        return "people_differ"
    if fact.mend is Mend.TURN_AWAY:
        return _turn_away(state, fact)
    if not isinstance(state, Held):
        return "not_held"
    again = replace(stay, second=None, withdrawn=None)
    if stay.first is None:
        return Move(Came(again, None))
    if stay.place is None or fact.mend is Mend.HANDLE_AGAIN:
        return Move(Weighed(replace(again, place=None, tally=None), None))
    return Move(Handled(again, None))


def _turn_away(state: Open, fact: HoldMended) -> Move | str:
    stay = replace(state.stay, turned=fact, second=None)
    if not isinstance(state, Came | Weighed | Held) or (isinstance(state, Held) and state.net_kg is not None):
        return "handled_already"
    return Move(Ready(stay, None, 0) if stay.first is None else Handled(stay, None))


def hold_goods(state: Open, fact: ReleaseWithdrawn) -> Move | str:
    """Hold a lorry whose goods may not leave any more; who brings goods is not concerned."""
    stay = replace(state.stay, withdrawn=fact.reason)
    if stay.purpose is not Purpose.PICK_UP or stay.turned is not None:
        return "not_concerned"
    if isinstance(state, Leaving):
        return hold_order(state, fact)
    if isinstance(state, Held):
        return Move(Held(stay, state.due_at, (*state.reasons, fact.reason)))
    return Move(Held(stay, None, (fact.reason,)), priority=1)
