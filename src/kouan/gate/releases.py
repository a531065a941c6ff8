"""The four releases of a border port, which are never one word.

``Admit`` lets a vehicle and its crew enter; ``YardIn`` says that it arrived in the supervised yard; ``GoodsReleased``
is customs' word on one declaration; ``GateOut`` lets this vehicle take this quantity out. Each is a type of its own, so
that no function takes one for another.
"""

from collections.abc import Sequence

import msgspec

from kouan.gate.states import Cleared
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused, refuse


class Admit(msgspec.Struct, frozen=True, tag="ADMIT"):
    """This vehicle and its crew may enter: given by the passage in which they were released."""

    passage: str
    plate: str
    crew: int
    at: Instant


class YardIn(msgspec.Struct, frozen=True, tag="YARD_IN"):
    """This vehicle arrived in the supervised yard (运抵), with this gross weight where it was weighed."""

    passage: str
    plate: str
    at: Instant
    gross_kg: int | None = None


class GoodsReleased(msgspec.Struct, frozen=True, tag="GOODS_RELEASED"):
    """Customs released the goods of one declaration (报关单), up to this mass."""

    declaration: str
    mass_kg: int
    at: Instant


class GateOut(msgspec.Struct, frozen=True, tag="GATE_OUT"):
    """This vehicle may take this quantity of a declaration's goods out (核放)."""

    declaration: str
    plate: str
    mass_kg: int
    at: Instant


def admit(state: Cleared, plate: str, crew: int) -> Admit | Refused:
    """Return the admission that a cleared inbound passage gave; nothing else admits."""
    if state.dossier.direction != Direction.IN:
        return refuse("release.not_inbound")
    return Admit(state.dossier.passage, plate, crew, state.actuated_at)


def yard_in(admitted: Admit, at: Instant, gross_kg: int | None = None) -> YardIn:
    """Return the arrival in the yard of a vehicle that was admitted; it releases no goods."""
    return YardIn(admitted.passage, admitted.plate, at, gross_kg)


def gate_out(
    released: GoodsReleased, taken: Sequence[GateOut], plate: str, mass_kg: int, at: Instant
) -> GateOut | Refused:
    """Return leave to take a quantity of released goods out, as far as the release is not used up by what was taken."""
    used_kg = sum(out.mass_kg for out in taken if out.declaration == released.declaration)
    left_kg = released.mass_kg - used_kg
    if mass_kg <= 0 or mass_kg > left_kg:
        return refuse("release.exceeded", declaration=released.declaration, mass_kg=mass_kg, left_kg=left_kg)
    return GateOut(released.declaration, plate, mass_kg, at)
