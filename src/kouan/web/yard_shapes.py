"""The JSON of the yard's API."""

from typing import Annotated, Literal

from fastapi import Path, Query

from kouan.web.fields import NAME, Instant, Shape
from kouan.web.gate_shapes import Reason

VisitPath = Annotated[str, Path(min_length=1, max_length=160, pattern=NAME, description="The visit's name.")]
SiteQuery = Annotated[str | None, Query(max_length=64, pattern=r"^[a-z0-9-]*$", description="A site's short name.")]


class Ticket(Shape):
    """One weighing ticket; ``cause`` says why it counts as unweighed, ``known_kg`` is a reference vehicle's mass."""

    ticket: str
    scale: str
    kind: str
    plate: str
    mass_kg: int
    at: Instant
    visit: str | None
    known_kg: int | None
    cause: str | None


class Tickets(Shape):
    """Weighing tickets, oldest first."""

    items: list[Ticket]


class VisitView(Shape):
    """One visit: where it stands, what it waits for and since when it may be overdue; nobody's name is in it.

    ``occupants`` is null where it is withheld, and of a difference in people it is said only that a person must look.
    ``exit`` is the exit lane that was ordered to open for it.
    """

    visit: str
    site: str
    plate: str
    carrier: str
    purpose: Literal["delivery", "pick_up"]
    lot: str
    goods: str
    state: str
    waits_for: str
    place: str | None
    order: str | None
    exit: str | None
    first_kg: int | None
    second_kg: int | None
    net_kg: int | None
    occupants: int | None
    reasons: list[dict[str, object]]
    perishable_until: Instant | None
    calls: int
    opened_at: Instant
    due_at: Instant | None
    closed_at: Instant | None


class Visits(Shape):
    """Visits, oldest first."""

    items: list[VisitView]


class StackView(Shape):
    """What lies at a place: wet kilograms at a moisture, and the dry mass in decigrams (0.1 g)."""

    place: str
    site: str
    lot: str
    wet_kg: int
    dry_dg: int
    moisture_bp: int


class LotAccount(Shape):
    """One lot's account."""

    lot: str
    site: str
    hs_code: str
    goods: str
    grade: str
    declared_kg: int
    in_kg: int
    out_kg: int
    loss_kg: int
    stock_dg: int
    taken_kg: int
    reserved_kg: int


class Stock(Shape):
    """What lies in the yard, by lot and by stack."""

    lots: list[LotAccount]
    stacks: list[StackView]


class MassBalance(Shape):
    """A balance: dry decigrams and wet kilograms in, out, lost and in stock; ``findings`` say what does not agree."""

    name: str
    in_dg: int
    out_dg: int
    loss_dg: int
    stock_dg: int
    in_kg: int
    out_kg: int
    loss_kg: int
    stock_kg: int
    moisture_kg: int
    losses_kg: dict[str, int]
    findings: list[Reason]


class MassBalances(Shape):
    """The balance of each site, and of each lot."""

    sites: list[MassBalance]
    lots: list[MassBalance]


class EstimateView(Shape):
    """A median in kilograms with its interval; the confidence is in parts per thousand."""

    median_kg: int
    low_kg: int
    high_kg: int
    n: int
    confidence_pm: int


class ScaleView(Shape):
    """One scale: in use or why not, and what reference vehicles and other scales say of it."""

    scale: str
    site: str
    in_use: bool
    reason: str | None
    zero_checked_at: Instant | None
    finding: str
    drift: EstimateView | None
    permitted_kg: int
    offset_kg: int | None
    pairs: int
    apart: bool


class Scales(Shape):
    """The yard's scales, in the order of the port file."""

    items: list[ScaleView]


class OutlierView(Shape):
    """A ticket that differs by more than is tolerated."""

    visit: str
    ticket: str
    port_kg: int
    ticket_kg: int


class CarrierView(Shape):
    """One carrier's tickets beside the port's; ``short`` says that its loads come in lighter than it says."""

    carrier: str
    tickets: int
    unticketed: int
    port_kg: int
    ticket_kg: int
    difference: EstimateView | None
    outliers: list[OutlierView]
    short: bool


class Carriers(Shape):
    """Every carrier, by name."""

    items: list[CarrierView]


class WarrantView(Shape):
    """One warehouse warrant (仓单)."""

    warrant: str
    site: str
    grade: str
    holder: str
    dry_kg: int
    state: Literal["issued", "pledged", "redeemed"]
    pledgee: str | None
    issued_at: Instant


class Warrants(Shape):
    """Warehouse warrants, by number."""

    items: list[WarrantView]


class PickupView(Shape):
    """One pick-up order (提货单)."""

    number: str
    lot: str
    site: str
    plate: str
    carrier: str
    quantity_kg: int
    valid_from: Instant
    valid_until: Instant
    slip: str | None
    state: str
    visit: str | None
    taken_kg: int


class Pickups(Shape):
    """Pick-up orders that somebody may still come on, by number."""

    items: list[PickupView]


class Happened(Shape):
    """It is recorded; where the visit stands then."""

    visit: str
    state: str
    waits_for: str
    reasons: list[dict[str, object]]
