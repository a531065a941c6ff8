"""Where a fact leads a visit: the word that all moves share."""

import msgspec

from kouan.vocabulary.verdict import Reason
from kouan.yard.events import CallPerson, Command, Event
from kouan.yard.states import Held, Stay, VisitState


class Move(msgspec.Struct, frozen=True):
    """Where a fact leads: the state, what follows for the ledger, who is called, and what is to be done.

    ``priority`` is that of the call where the vehicle becomes held.
    """

    state: VisitState
    events: tuple[Event, ...] = ()
    calls: tuple[CallPerson, ...] = ()
    commands: tuple[Command, ...] = ()
    priority: int = 2


def held(stay: Stay, *reasons: Reason) -> Move:
    """Return the move that holds a vehicle for these reasons."""
    return Move(Held(stay, None, reasons))
