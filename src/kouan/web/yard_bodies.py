"""What the yard's API is sent."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field, StringConstraints

from kouan.web.fields import LINE, NAME, Instant, Number, Plate, Shape, Why

Kg = Annotated[int, Field(ge=1, le=1_000_000_000, description="Whole kilograms.")]
SomeKg = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000, description="Whole kilograms.")]
Moisture = Annotated[int, Field(ge=0, le=9_000, description="Hundredths of a percent of the wet mass.")]
PlaceText = Annotated[
    str, StringConstraints(min_length=7, max_length=64, pattern=r"^[a-z0-9-]+/[A-Za-z0-9-]+/[0-9]{1,4}/[0-9]{1,4}$")
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LINE)]
NumberPath = Annotated[str, Path(min_length=1, max_length=64, pattern=NAME)]


class Handling(Shape):
    """Where to unload or load; goods of a cold chain come with their temperature in tenths of a degree Celsius."""

    place: PlaceText
    temperature_dc: Annotated[int, Field(ge=-1000, le=1000)] | None = None


class TallyBody(Shape):
    """What was counted and how it looked; ``pieces`` is left out for bulk."""

    moisture_bp: Moisture = 0
    pieces: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    sound: bool = True


class SampleBody(Shape):
    """A sample and the seal on it."""

    sample: Number
    mass_kg: Annotated[int, Field(ge=1, le=1_000)]
    seal: Number


class MendBody(Shape):
    """How a held vehicle goes on, or what a person saw of one of which nobody knew whether it is out."""

    mend: Literal["weigh_again", "handle_again", "turn_away", "seen_gone", "still_here"]
    reason: Why


class YardReason(Shape):
    """Why."""

    reason: Why


class WantedPickup(Shape):
    """A pick-up order: this vehicle, this carrier, this quantity of a lot, in this time."""

    order: Number
    lot: Number
    plate: Plate
    carrier: Name
    quantity_kg: Kg
    valid_from: Instant
    valid_until: Instant
    slip: Number | None = None


class Movement(Shape):
    """A movement of mass by hand: its own number, and where."""

    number: Number
    place: PlaceText


class Loss(Movement):
    """A stated loss; without ``wet_kg`` all that the book says lies there; only a stock-take may be negative."""

    wet_kg: SomeKg | None = None
    reason: Literal["dust", "spillage", "oxidation", "spoilage", "stock_take"]


class Restack(Movement):
    """Goods moved to another stack of the same site."""

    onto: PlaceText
    wet_kg: Kg


class MoistureBody(Movement):
    """The moisture that a stack has now."""

    moisture_bp: Moisture


class WantedWarrantBody(Shape):
    """A warrant on so much dry mass of a grade."""

    warrant: Number
    site: Name
    grade: Name
    holder: Name
    dry_kg: Kg


class WarrantAct(Shape):
    """What is done to a warrant, by whom, and in whose favour."""

    act: Literal["transfer", "pledge", "release", "redeem"]
    holder: Name
    to: Name | None = None


class ScaleAct(Shape):
    """A scale is put out of use, or taken into use again after it was adjusted."""

    act: Literal["out_of_use", "adjusted"]
    reason: Why
