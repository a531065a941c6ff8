"""Opening lots and telling facts of them: what stands and what came become one ledger unit, or a refusal.

A unit holds an entry ``release.moved/1`` a transition, and moves the lot's row from the version that was read: where
somebody else was faster the ledger refuses it, and whoever called reads again and asks once more.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from kouan.inspection.records import params_of
from kouan.inspection.release import machine
from kouan.inspection.release.facts import (
    Arrived,
    Asked,
    CheckedThere,
    DeadlinePassed,
    Disposed,
    Extended,
    Fact,
    Found,
    HoldLifted,
    ReachedDestination,
    RecallOrdered,
    Recovered,
    ReleaseDenied,
    ReleaseGranted,
    SiteChecked,
)  # fmt: skip
from kouan.inspection.release.lot import Lot, LotState
from kouan.inspection.release.machine import Moved
from kouan.inspection.release.records import CustodyRecord, LotRecord, lot_of, rule_of, standing_of
from kouan.inspection.release.rule import DatedBy, ReleaseRule
from kouan.inspection.release.rulebook import ReleaseBook
from kouan.inspection.release.standing import Standing
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse

SYSTEM = "kouan"
"""Who acts where a deadline passes."""

REFINABLE = frozenset({LotState.DECLARED, LotState.ARRIVED, LotState.ON_SITE})
"""States in which a lot's goods code may still be completed (two-step declaration)."""


PLAIN = (
    Arrived, Asked, SiteChecked, Found, ReleaseGranted, ReleaseDenied, ReachedDestination,
    CheckedThere, RecallOrdered, Recovered, Disposed, Extended,
)  # fmt: skip
"""Facts that may be told as they are; the others come with a sample, a paper, a second person or a deadline."""


CHANGEABLE = frozenset({LotState.DECLARED, LotState.HELD})
"""States in which a lot may come to have another goods code."""


class Told(msgspec.Struct, frozen=True):
    """What a fact did: the unit to record, the lot as it will stand, and its transitions in order."""

    unit: Unit
    record: LotRecord
    moves: tuple[Moved, ...] = ()

    @property
    def calls(self) -> bool:
        """Say whether a person is called about the lot."""
        return any(move.after is LotState.ESCALATED for move in self.moves)


def open_lot(lot: Lot, book: ReleaseBook, declared_at: Instant, now: Instant) -> Told | Refused:
    """Open a lot that was declared, under the rule that its dates choose; what no rule names is refused."""
    rule = book.choose(lot.hs_code, lot.direction, declared_at, now)
    if isinstance(rule, Refused):
        return rule
    standing = machine.begin(rule, now)
    record = LotRecord(
        number=lot.number,
        version=1,
        declaration=lot.declaration,
        line=lot.line,
        hs_code=lot.hs_code,
        goods=lot.goods,
        direction=lot.direction.value,
        mass_kg=lot.mass_kg,
        consignee=lot.consignee,
        regime=rule.reference,
        state=standing.state.value,
        declared_at=declared_at,
        arrived_at=None,
        deadline=standing.deadline,
        changed_at=now,
        standing=canonical(standing),
        rule=canonical(rule),
    )
    body = {"at": now, "book": book.digest, "declared_at": declared_at, "lot": lot_of(record), "rule": rule}
    draft = Draft("release.opened/1", lot.number, f"release:{lot.number}:opened", canonical(body))
    return Told(Unit((draft,), guards=(Statement("release.insert_lot", params_of(record)),)), record)


def tell(
    record: LotRecord,
    fact: Fact,
    identity: str,
    by: str,
    now: Instant,
    book: ReleaseBook | None = None,
    trail: Sequence[CustodyRecord] = (),
) -> Told | Refused:
    """Tell a fact of a lot; ``identity`` makes it count once, ``by`` is the user name of who tells it.

    An arrival needs the ``book``: what goes by the date of arrival is chosen with it. The ``trail`` of custody is read
    for recalls, which name the goods' last known place.
    """
    rule = rule_of(record)
    if isinstance(fact, Arrived):
        chosen = _rule_on_arrival(record, rule, book, now)
        if isinstance(chosen, Refused):
            return chosen
        rule = chosen
    moved = machine.step(standing_of(record), fact, rule, now)
    if isinstance(moved, Refused):
        return moved
    moves = machine.settle(moved, rule, now)
    arrived_at = now if isinstance(fact, Arrived) else record.arrived_at
    after = _moved(
        replace(record, arrived_at=arrived_at, lift_by=None, lift_reason=None), moves[-1].standing, rule, now
    )
    drafts = tuple(
        Draft("release.moved/1", record.number, key, canonical(_body(move, fact, by, now, trail)))
        for move, key in zip(moves, _keys(record.number, identity, len(moves)), strict=True)
    )
    guards = (Statement("release.move_lot", params_of(after)),)
    return Told(Unit(drafts, guards), after, moves)


def pass_deadline(record: LotRecord, now: Instant) -> Told | Refused:
    """Note that a lot's deadline has passed; a lot that is escalated calls a person by it."""
    return tell(record, DeadlinePassed(), f"deadline:{record.deadline}", SYSTEM, now)


def ask_lift(record: LotRecord, reason: str, by: str, now: Instant) -> Told | Refused:
    """Ask that a hold be lifted; it is, once a second officer confirms."""
    if standing_of(record).at is not LotState.HELD:
        return refuse("release.not_now", state=record.state, fact="lift_asked")
    after = replace(record, version=record.version + 1, changed_at=now, lift_by=by, lift_reason=reason)
    body = {"at": now, "by": by, "lot": record.number, "reason": reason}
    key = f"release:{record.number}:lift:{record.version}"
    draft = Draft("release.lift_asked/1", record.number, key, canonical(body))
    return Told(Unit((draft,), guards=(Statement("release.move_lot", params_of(after)),)), after)


def confirm_lift(record: LotRecord, by: str, now: Instant) -> Told | Refused:
    """Lift a hold as the second officer; the first one cannot confirm."""
    if record.lift_by is None or record.lift_reason is None:
        return refuse("release.no_lift_asked")
    if record.lift_by == by:
        return refuse("release.second_person")
    fact = HoldLifted(record.lift_reason, by)
    return tell(record, fact, f"lift:{record.version}", record.lift_by, now)


def refine(record: LotRecord, hs_code: str, book: ReleaseBook, by: str, now: Instant) -> Told | Refused:
    """Take the goods code that a declaration gives now; the lot's rule is chosen again by the same dates.

    The same code with more digits completes it. Another code is taken before the goods arrive, or while they are held
    for it, and then all is checked again.
    """
    standing = standing_of(record)
    if not hs_code.startswith(record.hs_code):
        if standing.at not in CHANGEABLE or standing.failed or standing.spoiled:
            return refuse("release.other_code", declared=record.hs_code, hs_code=hs_code)
        standing = replace(standing, passed=(), sampled=False, tested=False, drawn=False)
    elif standing.at not in REFINABLE:
        return refuse("release.not_now", state=record.state, fact="refined")
    lot = replace(lot_of(record), hs_code=hs_code)
    arrived_at = now if record.arrived_at is None else record.arrived_at
    rule = book.choose(hs_code, lot.direction, record.declared_at, arrived_at)
    if isinstance(rule, Refused):
        return rule
    if record.arrived_at is not None:
        rule = book.unload(rule, hs_code, lot.direction, record.declared_at, arrived_at)
    begun = Moved(standing, standing.state, standing.state, "refined", (rule.reference, machine.VERSION))
    moves = machine.settle(begun, rule, now)
    after = _moved(replace(record, hs_code=hs_code), moves[-1].standing, rule, now)
    drafts = tuple(
        Draft("release.moved/1", record.number, key, canonical(_body(move, None, by, now, ()) | {"rule": rule}))
        for move, key in zip(
            moves, _keys(record.number, f"refined:{record.version}:{hs_code}", len(moves)), strict=True
        )
    )
    return Told(Unit(drafts, (Statement("release.move_lot", params_of(after)),)), after, moves)


def amend(record: LotRecord, mass_kg: int, by: str, now: Instant) -> Told | Refused:
    """Take the mass that an amended declaration gives a lot, in kilograms.

    Less may always leave. More is taken only before anything was sampled or released: what comes on top is inspected
    with the rest, so that the lot counts as unloaded, and its number and goods as seen, only once they are again.
    """
    standing = standing_of(record)
    if mass_kg == record.mass_kg or mass_kg <= 0:
        return refuse("release.same_mass", mass_kg=mass_kg)
    if mass_kg > record.mass_kg:
        if standing.at not in REFINABLE:
            return refuse("release.mass_grown", lot_kg=record.mass_kg, mass_kg=mass_kg, state=record.state)
        standing = replace(standing, passed=())
    rule = rule_of(record)
    after = _moved(replace(record, mass_kg=mass_kg), standing, rule, now)
    body = {"at": now, "by": by, "lot": record.number, "mass_kg": mass_kg, "mass_before_kg": record.mass_kg}
    draft = Draft(
        "release.amended/1", record.number, f"release:{record.number}:amended:{record.version}", canonical(body)
    )
    return Told(Unit((draft,), (Statement("release.move_lot", params_of(after)),)), after)


def refusal_of(guard: str) -> Refused:
    """Return what it means to who told a fact that the ledger refused its unit at this guard."""
    meanings = {
        "release.insert_lot": "release.open_already",
        "release.insert_sample": "release.sample_known",
        "release.note_result": "release.result_known",
        "release.may_leave": "release.may_not_leave",
    }
    return refuse(meanings.get(guard, "release.conflict"))


def _rule_on_arrival(
    record: LotRecord, rule: ReleaseRule, book: ReleaseBook | None, now: Instant
) -> ReleaseRule | Refused:
    """Return the rule of a lot that arrives now: the one it has, unless it goes by arrival; unloading on top."""
    if book is None:
        return refuse("release.no_rule", hs_code=record.hs_code, direction=record.direction)
    lot = lot_of(record)
    chosen: ReleaseRule | Refused = rule
    if rule.dated_by is DatedBy.ARRIVAL:
        chosen = book.choose(lot.hs_code, lot.direction, record.declared_at, now)
    if isinstance(chosen, Refused):
        return chosen
    return book.unload(chosen, lot.hs_code, lot.direction, record.declared_at, now)


def _moved(record: LotRecord, standing: Standing, rule: ReleaseRule, now: Instant) -> LotRecord:
    return replace(
        record,
        version=record.version + 1,
        regime=rule.reference,
        state=standing.state.value,
        deadline=standing.deadline,
        changed_at=now,
        standing=canonical(standing),
        rule=canonical(rule),
    )


def _keys(lot: str, identity: str, count: int) -> list[str]:
    return [f"release:{lot}:{identity}" + (f":{place}" if place else "") for place in range(count)]


def _body(move: Moved, fact: Fact | None, by: str, now: Instant, trail: Sequence[CustodyRecord]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "after": move.after,
        "at": now,
        "before": move.before,
        "by": by,
        "cites": move.cites,
        "deadline": move.deadline,
        "fact": move.fact if fact is None or move.fact in ("by_rule", "release_granted") else fact,
    }
    if move.after is LotState.RECALLED:
        body["last_known"] = trail[-1] if trail else None
    if move.after is LotState.ESCALATED:
        body["calls"] = "duty_officer"
    return body
