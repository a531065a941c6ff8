"""What is told to a visit. Each fact was recorded before it has any effect; none holds personal data."""

import enum

import msgspec

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason
from kouan.yard.people import Aboard
from kouan.yard.tickets import Ticket


class Purpose(enum.StrEnum):
    """What a vehicle comes for: to leave goods that the gate let in, or to fetch goods that were released."""

    DELIVERY = "delivery"
    PICK_UP = "pick_up"


class Terms(msgspec.Struct, frozen=True):
    """What a pick-up order (提货单) allows this vehicle: so much of a lot, until then; ``slip`` for bonded goods."""

    order: str
    quantity_kg: int
    valid_until: Instant
    slip: str | None = None


class CarrierTicket(msgspec.Struct, frozen=True):
    """What the carrier's or the loading place's ticket says was loaded: its number and its net in kilograms."""

    number: str
    net_kg: int


class Arrived(msgspec.Struct, frozen=True, tag="arrived"):
    """A vehicle came: ``YARD_IN`` (运抵) for a delivery, a checked pick-up order for a domestic lorry.

    ``passage`` is the gate's passage; ``gate`` its ticket there; ``green_until`` is when perishable goods must be out.
    """

    at: Instant
    visit: str
    site: str
    plate: str
    carrier: str
    purpose: Purpose
    lot: str
    hs_code: str
    aboard: Aboard
    passage: str | None = None
    gate: Ticket | None = None
    loaded: CarrierTicket | None = None
    terms: Terms | None = None
    green_until: Instant | None = None


class Leave(msgspec.Struct, frozen=True):
    """What the books said at a second weighing: how much a lorry may take, or why not, or why goods cannot be taken in.

    ``mass_kg`` is what is released, neither taken nor reserved for others; ``no_sale`` that it may not be sold yet.
    """

    mass_kg: int
    no_sale: bool = False
    reasons: tuple[Reason, ...] = ()


class TicketTaken(msgspec.Struct, frozen=True, tag="ticket"):
    """A weighbridge of the site weighed the vehicle; ``leave`` comes with the second weighing."""

    at: Instant
    ticket: Ticket
    leave: Leave | None = None


class HandlingBegan(msgspec.Struct, frozen=True, tag="handling"):
    """Unloading or loading began at a place, which was found fit for these goods."""

    at: Instant
    place: str
    by: str


class Tallied(msgspec.Struct, frozen=True, tag="tallied"):
    """The tally (理货): handling ended; what was counted, at which moisture (hundredths of a percent), how it looked.

    ``pieces`` is None for bulk. ``sound`` says that packing and goods were in order.
    """

    at: Instant
    by: str
    moisture_bp: int = 0
    pieces: int | None = None
    sound: bool = True


class SampleTaken(msgspec.Struct, frozen=True, tag="sample"):
    """A sample was taken and sealed; it leaves the lot's mass."""

    at: Instant
    sample: str
    mass_kg: int
    seal: str
    by: str


class Line(msgspec.Struct, frozen=True):
    """Where a vehicle stands: the stop line of an exit lane, and what its PLC counts and measures there (I3)."""

    exit: str
    track: int
    axles: int


class Signed(msgspec.Struct, frozen=True):
    """The signature of the order that a fact leads to, with its nonce; a fact that leads to none has none."""

    nonce: str
    jws: str


class ExitOrder(msgspec.Struct, frozen=True):
    """The order that opens an exit for one vehicle at one stop, once; ``jws`` is empty until it is signed."""

    order_id: str
    line: Line
    issued_at: Instant
    expires_at: Instant
    nonce: str = ""
    jws: str = ""


class SeenLeaving(msgspec.Struct, frozen=True, tag="leaving"):
    """The vehicle stands at the exit; border inspection's terminal says who is aboard.

    Without a ``line`` the site has no exit lane, and a person opens; ``signed`` comes with the fact that lets it out.
    """

    at: Instant
    aboard: Aboard
    line: Line | None = None
    signed: Signed | None = None


class ExceptionSigned(msgspec.Struct, frozen=True, tag="people_exception"):
    """Border inspection excuses the difference in people that has this digest, and says why."""

    at: Instant
    by: str
    reason: str
    digest: str
    signed: Signed | None = None


class ExitReported(msgspec.Struct, frozen=True, tag="exit_reported"):
    """The lane controller says what became of an exit's order: ``actuated``, ``refused`` by a rule, or ``uncertain``.

    ``uncertainty_us`` is how far its clock may be wrong, in microseconds.
    """

    at: Instant
    order_id: str
    outcome: str
    rule: str | None = None
    uncertainty_us: int = 0


class ExitCrossed(msgspec.Struct, frozen=True, tag="exit_crossed"):
    """Vehicles passed an exit's curtain; ``order_id`` is under which order its barrier stood open, as far as it knows.

    ``vehicles`` counts them: more than one is tailgating (I5).
    """

    at: Instant
    exit: str
    track: int
    vehicles: int
    order_id: str | None = None


class Mend(enum.StrEnum):
    """What a person has done about a vehicle that is held, or seen of one of which nobody knows whether it is out."""

    WEIGH_AGAIN = "weigh_again"
    HANDLE_AGAIN = "handle_again"
    TURN_AWAY = "turn_away"
    SEEN_GONE = "seen_gone"
    STILL_HERE = "still_here"


class HoldMended(msgspec.Struct, frozen=True, tag="mended"):
    """A person says how a held vehicle goes on, and why."""

    at: Instant
    mend: Mend
    by: str
    reason: str


class ReleaseWithdrawn(msgspec.Struct, frozen=True, tag="withdrawn"):
    """The goods may not leave any more: recalled, under control, or their order was cancelled."""

    at: Instant
    reason: Reason


class DeadlinePassed(msgspec.Struct, frozen=True, tag="deadline"):
    """Nothing happened until the deadline."""

    at: Instant


Fact = (
    TicketTaken
    | HandlingBegan
    | Tallied
    | SampleTaken
    | SeenLeaving
    | ExceptionSigned
    | ExitReported
    | ExitCrossed
    | HoldMended
    | ReleaseWithdrawn
    | DeadlinePassed
)
