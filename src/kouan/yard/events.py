"""What a visit publishes and asks for: its events stand in the ledger, its commands follow once they do."""

import msgspec

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason
from kouan.yard.facts import Arrived, ExitOrder, Fact


class VisitOpened(msgspec.Struct, frozen=True, tag="opened"):
    """A vehicle arrived; with ``FactTaken`` after it, folding gives every state again."""

    at: Instant
    arrived: Arrived


class FactTaken(msgspec.Struct, frozen=True, tag="fact"):
    """A fact was taken in at an instant; ``unused`` says why it changed nothing, if it did not."""

    at: Instant
    fact: Fact
    unused: str | None = None


class NetKnown(msgspec.Struct, frozen=True, tag="net"):
    """Goods were brought: the net that is written off, never the gross, and the two tickets that say so."""

    at: Instant
    visit: str
    lot: str
    net_kg: int
    gross_ticket: str
    tare_ticket: str


class GateOut(msgspec.Struct, frozen=True, tag="GATE_OUT"):
    """This vehicle may take this quantity of a lot out (核放) under an order; ``no_sale``: not to be sold yet."""

    at: Instant
    visit: str
    plate: str
    lot: str
    order: str
    mass_kg: int
    no_sale: bool


class VehicleHeld(msgspec.Struct, frozen=True, tag="held"):
    """The visit stopped, for these reasons, until a person mends them."""

    at: Instant
    visit: str
    reasons: tuple[Reason, ...]


class ExitOrdered(msgspec.Struct, frozen=True, tag="exit_ordered"):
    """The vehicle may drive out, and its exit is ordered to open for it once, until the order expires.

    ``net_kg`` is what it brought or takes; what it takes leaves the book with this.
    """

    at: Instant
    visit: str
    plate: str
    net_kg: int
    order: ExitOrder


class ExitVoided(msgspec.Struct, frozen=True, tag="exit_voided"):
    """An exit's order opened nothing, and never will: what left the book with it is in the book again."""

    at: Instant
    visit: str
    order_id: str
    net_kg: int
    cause: str


class VehicleLeft(msgspec.Struct, frozen=True, tag="left"):
    """The vehicle left with those who came in it; ``net_kg`` is what it brought or took.

    ``order_id`` is the order by which its exit opened; None where a person opened it.
    """

    at: Instant
    visit: str
    plate: str
    net_kg: int
    order_id: str | None = None


class PersonCalled(msgspec.Struct, frozen=True, tag="called"):
    """A person was called: priority 1 (emergency) to 4 (advisory)."""

    at: Instant
    visit: str
    priority: int
    reason: Reason


Event = (
    VisitOpened | FactTaken | NetKnown | GateOut | VehicleHeld | ExitOrdered | ExitVoided | VehicleLeft | PersonCalled
)


class CallPerson(msgspec.Struct, frozen=True, tag="call_person"):
    """Call a person to a visit."""

    visit: str
    priority: int
    reason: Reason


class LetOut(msgspec.Struct, frozen=True, tag="let_out"):
    """The vehicle may leave, and a person opens: its visit is closed and everything that it rests on is durable."""

    visit: str
    plate: str


class IssueExit(msgspec.Struct, frozen=True, tag="issue_exit"):
    """Sign this order with a fresh nonce, and take the fact in again with the signature (``facts.Signed``)."""

    visit: str
    plate: str
    order: ExitOrder


class OpenExit(msgspec.Struct, frozen=True, tag="open_exit"):
    """Send an exit its signed order, again and again until it is reported on or expires."""

    order: ExitOrder


class VoidOrders(msgspec.Struct, frozen=True, tag="void_orders"):
    """Tell an exit that no order which was given until now is to open it: the goods were held (I4)."""

    exit: str


Command = CallPerson | LetOut | IssueExit | OpenExit | VoidOrders


def kind_of(event: Event) -> str:
    """Return the kind of the entry in which an event stands."""
    tag = str(type(event).__struct_config__.tag)
    return f"yard.{'gate_out' if tag == 'GATE_OUT' else tag}/1"
