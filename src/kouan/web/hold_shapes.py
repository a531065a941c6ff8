"""What the API shows of control orders at the gate, and what may be asked of them."""

from typing import Annotated

from pydantic import Field

from kouan.gate.procedures import Authority
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.steps import StepKind
from kouan.web.fields import Container, Instant, Number, Plate, Shape, Text, Why


class HoldRequest(Shape):
    """Which vehicle, container or goods to hold (one of them), and what for; the authority is the caller's own."""

    kind: ControlKind
    reason: Why
    plate: Plate | None = None
    container: Container | None = None
    consignment: Number | None = None
    declaration: Number | None = None
    valid_until: Instant | None = None
    steps: Annotated[list[StepKind], Field(max_length=len(StepKind))] | None = None


class HoldPlaced(Shape):
    """The number of a hold that is in force now."""

    number: str


class HoldView(Shape):
    """A control order in force; another authority's reason, and who gave it, are withheld and empty."""

    number: str
    authority: Authority
    kind: str
    plate: str | None
    container: str | None
    consignment: str | None
    declaration: str | None
    reason: Text
    placed_by: str
    placed_at: Instant
    valid_from: Instant
    valid_until: Instant | None
    lifted_by: str | None
    lifted_at: Instant | None
    lift_reason: str | None
    steps: str | None
    withheld: bool


class Holds(Shape):
    """Control orders in force, oldest first."""

    items: list[HoldView]
