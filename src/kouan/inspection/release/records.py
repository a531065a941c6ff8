"""Rows of release: lots with where they stand, samples, and the trail of who had goods and samples where and when.

Every field is a whole number, a string, bytes or None. No row holds personal data: people stand as user names, a
witness as the firm or office that it was there for.
"""

import msgspec

from kouan.inspection.release.lot import Lot, LotState
from kouan.inspection.release.rule import ReleaseRule
from kouan.inspection.release.standing import Standing
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction


class LotRecord(msgspec.Struct, frozen=True):
    """One lot as it stands; ``version`` counts its moves from 1, so that two facts at once cannot both move it.

    ``standing`` and ``rule`` are canonical JSON: a lot carries the whole rule that was chosen for it, which is why a
    new version changes nothing for it. ``lift_by`` and ``lift_reason`` are of the officer who asks that its hold be
    lifted, until a second one confirms.
    """

    number: str
    version: int
    declaration: str
    line: int
    hs_code: str
    goods: str
    direction: str
    mass_kg: int
    consignee: str
    regime: str
    state: str
    declared_at: Instant
    arrived_at: Instant | None
    deadline: Instant | None
    changed_at: Instant
    standing: bytes
    rule: bytes
    lift_by: str | None = None
    lift_reason: str | None = None


class SampleRecord(msgspec.Struct, frozen=True):
    """One sealed sample of a lot; ``duplicate_of`` is the number of the sample whose duplicate (副样) it is.

    ``taken_by`` is the officer's user name, ``witness`` the firm or office that saw it, ``result`` the laboratory
    result's number once there is one, ``passed`` 1 or 0 with it.
    """

    number: str
    lot: str
    duplicate_of: str | None
    seal: str
    taken_by: str
    witness: str
    location: str
    taken_at: Instant
    result: str | None = None
    passed: int | None = None


class CustodyRecord(msgspec.Struct, frozen=True):
    """One link of a chain of custody (监管链): since when ``holder`` has ``item``, where, and under which seal.

    ``item`` is the number of a lot or of a sample of it; ``step`` counts from 1.
    """

    item: str
    step: int
    lot: str
    location: str
    holder: str
    seal: str | None
    since: Instant
    noted_by: str


def standing_of(record: LotRecord) -> Standing:
    """Return where a lot stands."""
    return msgspec.json.decode(record.standing, type=Standing)


def rule_of(record: LotRecord) -> ReleaseRule:
    """Return the rule that was chosen for a lot."""
    return msgspec.json.decode(record.rule, type=ReleaseRule)


def lot_of(record: LotRecord) -> Lot:
    """Return the lot of a row."""
    return Lot(
        number=record.number,
        declaration=record.declaration,
        line=record.line,
        hs_code=record.hs_code,
        goods=record.goods,
        direction=Direction(record.direction),
        mass_kg=record.mass_kg,
        consignee=record.consignee,
        regime=record.regime,
    )


def state_of(record: LotRecord) -> LotState:
    """Return the state of a lot."""
    return LotState(record.state)
