"""The mass book: every movement of goods changes a stack and its lot's account together, dry mass to the decigram.

Each function returns the entry to be made, or why it may not be made. Mass in = mass out + stock + stated loss, always:
``require_balanced`` is asked of every account that is written, and the store's guard asks it once more.
"""

import enum

import msgspec
from msgspec.structs import replace

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.moisture import DECIGRAMS, Moist, mixed_bp, require_moisture, wet_kg_of
from kouan.yard.records import LotRecord, MovementRecord, StackRecord


class MovementKind(enum.StrEnum):
    """How mass moves: in, out, from stack to stack, as a sample, lost, or only known better."""

    IN = "in"
    OUT = "out"
    SAMPLE = "sample"
    LOSS = "loss"
    MOVED = "moved"
    DETERMINED = "determined"
    MOISTURE = "moisture"


class LossReason(enum.StrEnum):
    """Why mass is stated as lost; only a stock-take (盘点) may also find more than the book says."""

    DUST = "dust"
    SPILLAGE = "spillage"
    OXIDATION = "oxidation"
    SPOILAGE = "spoilage"
    STOCK_TAKE = "stock_take"


class Posting(msgspec.Struct, frozen=True):
    """One movement, ready to be recorded: the account, the stacks, and the lines of the journal."""

    lot: LotRecord
    stacks: tuple[StackRecord, ...]
    movements: tuple[MovementRecord, ...]


class Line(msgspec.Struct, frozen=True):
    """Who moves what, when and why; ``number`` makes the movement one."""

    number: str
    by: str
    at: Instant
    visit: str | None = None
    reason: str | None = None


def empty_stack(place: str, site: str, lot: str) -> StackRecord:
    """Return a stack where nothing lies yet."""
    return StackRecord(place, 0, site, lot, 0, 0, 0)


def require_balanced(lot: LotRecord) -> LotRecord:
    """Return an account that balances; raise KouanError for any other, because no path may lead to one."""
    balanced = lot.in_dg == lot.out_dg + lot.stock_dg + lot.loss_dg
    if not balanced or min(lot.in_dg, lot.out_dg, lot.stock_dg, lot.reserved_kg, lot.taken_kg) < 0:
        raise KouanError(f"the account of lot {lot.lot} does not balance: {lot}")
    return lot


def bring_in(lot: LotRecord, stack: StackRecord, mass: Moist, stack_kg: int, line: Line) -> Posting | Refused:
    """Lay a net mass on a stack of its own lot, or on an empty one, as far as the stack holds."""
    taken = _room(lot, stack, mass.dry_dg, mass.moisture_bp, stack_kg)
    if isinstance(taken, Refused):
        return taken
    account = replace(
        lot, in_dg=lot.in_dg + mass.dry_dg, stock_dg=lot.stock_dg + mass.dry_dg, in_kg=lot.in_kg + mass.wet_kg
    )
    journal = _movement(lot, MovementKind.IN, stack.lies_at, mass.wet_kg, mass.dry_dg, mass.moisture_bp, line)
    return _posted(account, (taken,), (journal,), line)


def take_out(
    lot: LotRecord, stack: StackRecord, wet_kg: int, line: Line, kind: MovementKind = MovementKind.OUT
) -> Posting | Refused:
    """Take a wet mass from a stack at its moisture; refused where the book says that less lies there."""
    mass = Moist(wet_kg, stack.moisture_bp)
    if stack.lot != lot.lot or wet_kg <= 0 or mass.dry_dg > stack.dry_dg:
        lies_kg = wet_kg_of(stack.dry_dg, stack.moisture_bp) if stack.lot == lot.lot else 0
        return refuse("yard.stack_short", place=stack.lies_at, wanted_kg=wet_kg, lies_kg=lies_kg)
    account = replace(
        lot, out_dg=lot.out_dg + mass.dry_dg, stock_dg=lot.stock_dg - mass.dry_dg, out_kg=lot.out_kg + wet_kg
    )
    less = replace(stack, dry_dg=stack.dry_dg - mass.dry_dg)
    journal = _movement(lot, kind, stack.lies_at, -wet_kg, -mass.dry_dg, stack.moisture_bp, line)
    return _posted(account, (less,), (journal,), line)


def lay_back(lot: LotRecord, stack: StackRecord, out: MovementRecord, line: Line) -> Posting | Refused:
    """Lay back what a movement took out and what did not leave; refused where another lot lies there by now.

    It is the same dry mass; a stack that dried meanwhile has the moisture of the two.
    """
    if stack.lot != lot.lot and stack.dry_dg > 0:
        return refuse("yard.another_lot", place=stack.lies_at, lot=stack.lot)
    lies_dg = stack.dry_dg if stack.lot == lot.lot else 0
    mixed = mixed_bp((lies_dg, stack.moisture_bp), (-out.dry_dg, out.moisture_bp))
    account = replace(
        lot, out_dg=lot.out_dg + out.dry_dg, stock_dg=lot.stock_dg - out.dry_dg, out_kg=lot.out_kg + out.wet_kg
    )
    more = replace(stack, site=lot.site, lot=lot.lot, dry_dg=lies_dg - out.dry_dg, moisture_bp=mixed)
    journal = _movement(lot, MovementKind.OUT, stack.lies_at, -out.wet_kg, -out.dry_dg, out.moisture_bp, line)
    return _posted(account, (more,), (journal,), line)


def state_loss(
    lot: LotRecord, stack: StackRecord, wet_kg: int | None, reason: LossReason, line: Line
) -> Posting | Refused:
    """State a loss with its reason, None for all that the book says lies there.

    A stock-take (盘点) may state a gain (a negative loss); nothing else may.
    """
    lost_kg = _lies(stack) if wet_kg is None else wet_kg
    lost_dg = stack.dry_dg if wet_kg is None else lost_kg * (DECIGRAMS - stack.moisture_bp)
    if lost_dg == 0 or (lost_dg < 0 and reason is not LossReason.STOCK_TAKE):
        return refuse("yard.loss", field="wet_kg", mend="must be more than 0, unless a stock-take found more")
    if stack.lot != lot.lot or lost_dg > stack.dry_dg:
        return refuse("yard.stack_short", place=stack.lies_at, wanted_kg=lost_kg, lies_kg=_lies(stack))
    account = replace(
        lot, loss_dg=lot.loss_dg + lost_dg, stock_dg=lot.stock_dg - lost_dg, loss_kg=lot.loss_kg + lost_kg
    )
    less = replace(stack, dry_dg=stack.dry_dg - lost_dg)
    why = replace(line, reason=reason.value)
    journal = _movement(lot, MovementKind.LOSS, stack.lies_at, -lost_kg, -lost_dg, stack.moisture_bp, why)
    return _posted(account, (less,), (journal,), line)


def move(
    lot: LotRecord, source: StackRecord, target: StackRecord, wet_kg: int, stack_kg: int, line: Line
) -> Posting | Refused:
    """Move a wet mass from one stack of a lot to another; the lot's account stays as it is."""
    mass = Moist(wet_kg, source.moisture_bp)
    if source.lot != lot.lot or wet_kg <= 0 or mass.dry_dg > source.dry_dg or source.lies_at == target.lies_at:
        return refuse("yard.stack_short", place=source.lies_at, wanted_kg=wet_kg, lies_kg=_lies(source))
    taken = _room(lot, target, mass.dry_dg, mass.moisture_bp, stack_kg)
    if isinstance(taken, Refused):
        return taken
    less = replace(source, dry_dg=source.dry_dg - mass.dry_dg)
    away = _movement(lot, MovementKind.MOVED, source.lies_at, -wet_kg, -mass.dry_dg, source.moisture_bp, line)
    onto = replace(line, number=f"{line.number}:onto")
    there = _movement(lot, MovementKind.MOVED, target.lies_at, wet_kg, mass.dry_dg, source.moisture_bp, onto)
    return _posted(lot, (less, taken), (away, there), line)


def determine(
    lot: LotRecord, stack: StackRecord, wet_kg: int, assumed_bp: int, found_bp: int, line: Line
) -> Posting | Refused:
    """Correct what came in by the laboratory's moisture of the arrival sample: the same wet mass, another dry mass."""
    require_moisture(found_bp)
    more_dg = wet_kg * (assumed_bp - found_bp)
    if stack.lot != lot.lot or min(stack.dry_dg, lot.in_dg) + more_dg < 0 or more_dg == 0:
        return refuse("yard.nothing_to_determine", place=stack.lies_at)
    account = replace(lot, in_dg=lot.in_dg + more_dg, stock_dg=lot.stock_dg + more_dg)
    wet_before_dg = stack.dry_dg * DECIGRAMS // (DECIGRAMS - stack.moisture_bp)
    dry_dg = stack.dry_dg + more_dg
    share = min(max((wet_before_dg - dry_dg) * DECIGRAMS // max(wet_before_dg, 1), 0), 9_000)
    known = replace(stack, dry_dg=dry_dg, moisture_bp=share)
    journal = _movement(lot, MovementKind.DETERMINED, stack.lies_at, 0, more_dg, found_bp, line)
    return _posted(account, (known,), (journal,), line)


def dry(lot: LotRecord, stack: StackRecord, found_bp: int, line: Line) -> Posting | Refused:
    """State the moisture that a stack has now: its dry mass stays, its wet mass differs by what dried or rained in."""
    require_moisture(found_bp)
    if stack.lot != lot.lot or stack.dry_dg == 0:
        return refuse("yard.stack_short", place=stack.lies_at, wanted_kg=0, lies_kg=0)
    wet_kg = wet_kg_of(stack.dry_dg, found_bp) - _lies(stack)
    journal = _movement(lot, MovementKind.MOISTURE, stack.lies_at, wet_kg, 0, found_bp, line)
    return _posted(lot, (replace(stack, moisture_bp=found_bp),), (journal,), line)


def _room(lot: LotRecord, stack: StackRecord, dry_dg: int, moisture_bp: int, stack_kg: int) -> StackRecord | Refused:
    """Return a stack with more on it; refused where another lot lies there, or it would be too much."""
    if stack.lot != lot.lot and stack.dry_dg > 0:
        return refuse("yard.another_lot", place=stack.lies_at, lot=stack.lot)
    lies_dg = stack.dry_dg if stack.lot == lot.lot else 0
    mixed = mixed_bp((lies_dg, stack.moisture_bp), (dry_dg, moisture_bp))
    if wet_kg_of(lies_dg + dry_dg, mixed) > stack_kg:
        return refuse("yard.stack_full", place=stack.lies_at, stack_kg=stack_kg)
    return replace(stack, site=lot.site, lot=lot.lot, dry_dg=lies_dg + dry_dg, moisture_bp=mixed)


def _lies(stack: StackRecord) -> int:
    return wet_kg_of(stack.dry_dg, stack.moisture_bp)


def _movement(
    lot: LotRecord, kind: MovementKind, place: str, wet_kg: int, dry_dg: int, moisture_bp: int, line: Line
) -> MovementRecord:
    return MovementRecord(
        movement=line.number, lot=lot.lot, site=lot.site, kind=kind.value, lies_at=place, wet_kg=wet_kg, dry_dg=dry_dg,
        moisture_bp=moisture_bp, reason=line.reason, visit=line.visit, by=line.by, at=line.at,
    )  # fmt: skip


def _posted(
    lot: LotRecord, stacks: tuple[StackRecord, ...], movements: tuple[MovementRecord, ...], line: Line
) -> Posting:
    """Return what was moved as the next versions of the account and the stacks."""
    account = require_balanced(replace(lot, version=lot.version + 1, changed_at=line.at))
    after = tuple(replace(stack, version=stack.version + 1, changed_at=line.at) for stack in stacks)
    return Posting(account, after, movements)
