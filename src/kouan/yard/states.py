"""The states of a yard visit, the same for those who bring goods and those who fetch them.

Two weighings with handling between: a delivery is gross, unloading, tare; a pick-up is tare, loading, gross.
"""

import msgspec

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason
from kouan.yard.facts import CarrierTicket, ExitOrder, HoldMended, Line, Purpose, SampleTaken, Tallied, Terms
from kouan.yard.people import Aboard, PeopleException
from kouan.yard.tickets import Net, Ticket, net_of


class Green(msgspec.Struct, frozen=True):
    """The clock of the green channel: the goods must be out by ``until``; ``calls`` counts who was called so far."""

    since: Instant
    until: Instant
    calls: int = 0


class Stay(msgspec.Struct, frozen=True):
    """What is known of a visit in every state.

    ``version`` counts the facts taken in, ``calls`` how often people were called about the present state. ``withdrawn``
    says why the goods may not leave any more, ``turned`` who turned the vehicle away.
    """

    visit: str
    site: str
    plate: str
    carrier: str
    purpose: Purpose
    lot: str
    hs_code: str
    opened_at: Instant
    aboard: Aboard
    passage: str | None = None
    gate: Ticket | None = None
    loaded: CarrierTicket | None = None
    terms: Terms | None = None
    green: Green | None = None
    version: int = 1
    calls: int = 0
    first: Ticket | None = None
    second: Ticket | None = None
    place: str | None = None
    tally: Tallied | None = None
    samples: tuple[SampleTaken, ...] = ()
    exceptions: tuple[PeopleException, ...] = ()
    withdrawn: Reason | None = None
    turned: HoldMended | None = None

    @property
    def net(self) -> Net | None:
        """The net, once the vehicle was weighed twice."""
        if self.first is None or self.second is None:
            return None
        pair = (self.first, self.second) if self.purpose is Purpose.DELIVERY else (self.second, self.first)
        found = net_of(self.visit, *pair)
        return found if isinstance(found, Net) else None


class Came(msgspec.Struct, frozen=True, tag="arrived"):
    """The vehicle is in the yard and awaits its first weighing."""

    stay: Stay
    due_at: Instant | None


class Weighed(msgspec.Struct, frozen=True, tag="weighed"):
    """Weighed once; it awaits a place to unload or load at."""

    stay: Stay
    due_at: Instant | None


class Handling(msgspec.Struct, frozen=True, tag="handling"):
    """It is being unloaded or loaded."""

    stay: Stay
    due_at: Instant | None


class Handled(msgspec.Struct, frozen=True, tag="handled"):
    """Unloaded or loaded, and tallied; it awaits its second weighing."""

    stay: Stay
    due_at: Instant | None


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """It may leave: empty after a delivery, or with the quantity that ``GATE_OUT`` names."""

    stay: Stay
    due_at: Instant | None
    net_kg: int


class Held(msgspec.Struct, frozen=True, tag="held"):
    """It may not go on until a person mends what is wrong.

    ``leaving`` is who was aboard where people differ, ``line`` where it stood then.
    """

    stay: Stay
    due_at: Instant | None
    reasons: tuple[Reason, ...]
    leaving: Aboard | None = None
    net_kg: int | None = None
    line: Line | None = None


class Leaving(msgspec.Struct, frozen=True, tag="exiting"):
    """Its exit is ordered to open: what it takes is out of the book, and it is out once it has crossed.

    ``actuated_at`` is when the barrier was commanded. ``doubt`` says why nobody knows whether it is out: nothing is
    ordered then until a person has looked.
    """

    stay: Stay
    due_at: Instant | None
    net_kg: int
    order: ExitOrder
    actuated_at: Instant | None = None
    doubt: Reason | None = None


class Left(msgspec.Struct, frozen=True, tag="left"):
    """It left, and the net of the visit is final; 0 where it was turned away as it came."""

    stay: Stay
    closed_at: Instant
    net_kg: int


Open = Came | Weighed | Handling | Handled | Ready | Held | Leaving

VisitState = Open | Left

_OPEN = (Came, Weighed, Handling, Handled, Ready, Held, Leaving)

OPEN_STATES = tuple(str(kind.__struct_config__.tag) for kind in _OPEN)
"""The names of the states of a visit that is not over."""

_DECODER: msgspec.json.Decoder[VisitState] = msgspec.json.Decoder(VisitState)


def state_name(state: VisitState) -> str:
    """Return the state's name as screens and projections know it."""
    return str(type(state).__struct_config__.tag)


def encode_state(state: VisitState) -> bytes:
    """Return the state as JSON, for the projection from which a restarted platform resumes."""
    return msgspec.json.encode(state)


def decode_state(document: bytes) -> VisitState:
    """Return the state behind ``encode_state``; raise msgspec.ValidationError for anything else."""
    return _DECODER.decode(document)


def waits_for(state: VisitState) -> str:
    """Return what a visit waits for, as a message id."""
    waiting = {
        "arrived": "yard.waits_first_weighing",
        "weighed": "yard.waits_place",
        "handling": "yard.waits_tally",
        "handled": "yard.waits_second_weighing",
        "ready": "yard.waits_exit",
        "held": "yard.waits_person",
        "exiting": "yard.waits_barrier",
    }
    if isinstance(state, Leaving) and state.doubt is not None:
        return "yard.waits_person"
    return waiting.get(state_name(state), "yard.over")
