"""Control orders (布控): an authority's word that a vehicle, container or goods be held or examined."""

import enum
from collections.abc import Sequence

import msgspec

from kouan.access.people import Agency
from kouan.inspection.fields import Field, Need, Violation, choice, identifier, many, read_fields, refused, text, whole
from kouan.inspection.matrix import document_number
from kouan.inspection.records import ControlOrderRecord, params_of
from kouan.inspection.steps import MAKING, StepKind
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import ContainerNumber, DeclarationNumber, PlateNumber
from kouan.vocabulary.verdict import Refused, refuse

AUTHORITIES = (Agency.BORDER_INSPECTION, Agency.CUSTOMS, Agency.SITE)
"""Who may place control orders: those who decide at the gate."""

HUB = "hub "
"""What ``placed_by`` begins with where the hub of the region placed an order; a user's name holds no blank."""

LATEST = 2**53 - 1
"""Latest instant that an order may name, in microseconds: the largest whole number that every JSON reader keeps."""


class ControlKind(enum.StrEnum):
    """What a control order asks for."""

    DETAIN = "detain"
    EXAMINE = "examine"
    SCAN = "scan"
    QUARANTINE = "quarantine"
    WATCH = "watch"


TARGETS = ("plate", "container", "consignment", "declaration")
"""What an order may be on; one order has one target."""


def _step(raw: object) -> StepKind:
    step = choice(StepKind)(raw)
    if step in MAKING:
        raise InvalidValue("", "order.step", f"nobody asks for {step} by itself")
    return StepKind(step)


_FIELDS = (
    Field("kind", "kind", choice(ControlKind)),
    Field("plate", "plate", identifier(PlateNumber.parse)),
    Field("container", "container", identifier(ContainerNumber.parse)),
    Field("consignment", "consignment", document_number),
    Field("declaration", "declaration", identifier(DeclarationNumber.parse)),
    Field("reason", "reason", text(500)),
    Field("valid_from", "valid from", whole(0, LATEST)),
    Field("valid_until", "valid until", whole(0, LATEST)),
    Field("steps", "steps", many(_step)),
)


class ControlOrder(msgspec.Struct, frozen=True):
    """A control order as asked for: on one target, from an instant (None: at once) to another (None: until lifted).

    ``steps`` are what an examination must do for it; none: what its kind stands for.
    """

    kind: ControlKind
    reason: str
    plate: str | None = None
    container: str | None = None
    consignment: str | None = None
    declaration: str | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    steps: tuple[StepKind, ...] = ()


class Target(msgspec.Struct, frozen=True):
    """What is known of a vehicle and its goods, as control orders may name them."""

    plates: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    consignments: tuple[str, ...] = ()
    declarations: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of it, each name once."""
        return tuple(dict.fromkeys((*self.plates, *self.containers, *self.consignments, *self.declarations)))


def read_order(document: object) -> ControlOrder | Refused:
    """Return the order, or everything that is wrong with it."""
    values, wrong = read_fields(
        document, _FIELDS, lambda name: Need.REQUIRED if name in ("kind", "reason") else Need.OPTIONAL
    )
    named = [target for target in TARGETS if target in values]
    if len(named) != 1 and not any(violation.field in TARGETS for violation in wrong):
        wrong.append(Violation("", "order.target", f"must name exactly one of {', '.join(TARGETS)}"))
    start, end = values.get("valid_from"), values.get("valid_until")
    if start is not None and end is not None and end <= start:
        wrong.append(Violation("valid_until", "order.validity", "must be later than valid_from"))
    return refused(wrong) if wrong else ControlOrder(**values)


def order_record(order: ControlOrder, number: str, authority: Agency, by: str, now: Instant) -> ControlOrderRecord:
    """Return the row of an order that an authority's officer, or a system in its name, places now."""
    return ControlOrderRecord(
        number=number,
        authority=authority.value,
        kind=order.kind.value,
        plate=order.plate,
        container=order.container,
        consignment=order.consignment,
        declaration=order.declaration,
        reason=order.reason,
        placed_by=by,
        placed_at=now,
        valid_from=now if order.valid_from is None else order.valid_from,
        valid_until=order.valid_until,
        steps=" ".join(order.steps) or None,
    )


def place_order(record: ControlOrderRecord) -> Unit | Refused:
    """Place a control order under its fresh number; only an authority that decides at the gate places any."""
    if record.authority not in AUTHORITIES:
        return refuse("order.authority", field="authority", mend=f"must be one of {', '.join(AUTHORITIES)}")
    if record.valid_until is not None and record.valid_until <= record.placed_at:
        return refuse("order.validity", field="valid_until", mend="must lie in the future")
    number = record.number
    draft = Draft("papers.order_placed/1", number, f"papers:order_placed:{number}", canonical(record))
    return Unit((draft,), guards=(Statement("papers.place_order", params_of(record)),))


def lift_order(
    standing: ControlOrderRecord | None, authority: Agency, by: str, reason: str, now: Instant
) -> Unit | Refused:
    """Lift an order; only the authority that placed it may, and it says why; what the hub placed, only the hub."""
    if standing is None or standing.lifted_at is not None:
        return refuse("order.not_in_force", field="number", mend="must be an order in force")
    if standing.authority != authority:
        return refuse("order.not_yours", field="number", mend=f"only {standing.authority} may lift it")
    if standing.placed_by.startswith(HUB) and standing.placed_by != by:
        return refuse("order.hubs", field="number", mend="only the hub may lift what it placed")
    if not reason.strip():
        return refuse("order.reason", field="reason", mend="must say why")
    body = {"at": now, "authority": authority.value, "by": by, "number": standing.number, "reason": reason}
    draft = Draft("papers.order_lifted/1", standing.number, f"papers:order_lifted:{standing.number}", canonical(body))
    params = {
        "number": standing.number,
        "authority": authority.value,
        "lifted_by": by,
        "lifted_at": now,
        "lift_reason": reason,
    }
    return Unit((draft,), guards=(Statement("papers.lift_order", params),))


def in_force(order: ControlOrderRecord, at: Instant) -> bool:
    """Say whether an order binds at an instant."""
    ended = order.valid_until is not None and at >= order.valid_until
    return order.lifted_at is None and order.valid_from <= at and not ended


def orders_on(target: Target, orders: Sequence[ControlOrderRecord], at: Instant) -> tuple[ControlOrderRecord, ...]:
    """Return the orders in force on any part of a target, in the order given."""
    return tuple(order for order in orders if in_force(order, at) and _names(order, target))


def _names(order: ControlOrderRecord, target: Target) -> bool:
    return (
        order.plate in target.plates
        or order.container in target.containers
        or order.consignment in target.consignments
        or order.declaration in target.declarations
    )
