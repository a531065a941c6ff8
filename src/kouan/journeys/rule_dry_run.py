"""The dry run: which decisions of the last month a draft would have changed. Pure over what was recorded.

Passages are replayed from the ledger and decided again with the holds that the tables would have asked for; candidates
are asked of tables and targeting rules anew; lots are given the rule that would govern them; examinations get the sheet
that they would have begun with. Both sides are taken as of the draft's
first day, so that only the draft makes a difference.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import msgspec

from kouan.gate.evidence import PapersMatched
from kouan.gate.replay import Grounds, Replay
from kouan.gate.rulebook import Rulebook
from kouan.gate.what_if import what_if
from kouan.inspection.examination.examination import Examination
from kouan.inspection.examination.moves import order
from kouan.inspection.examination.rules import ExaminationRules
from kouan.inspection.release.records import LotRecord
from kouan.inspection.release.rule import ReleaseRule
from kouan.inspection.release.rulebook import ReleaseBook
from kouan.inspection.rules.at_hand_in import hits_of_tables
from kouan.inspection.rules.document import Kind, RuleDocument
from kouan.inspection.rules.roles import DecisionTables, RuleDocuments
from kouan.inspection.targeting.looking import candidate_of, features_of
from kouan.inspection.targeting.records import CandidateRecord
from kouan.inspection.targeting.rules import RuleSet, hits_of
from kouan.journeys.tables_at_gate import Found, Undecided, ask, hold_of, prefix
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

MONTH_US = seconds(30 * 86_400)
"""How far a dry run looks back. Our choice: thirty days, so that it sees what a month brings."""

NAMED = 100
"""How many passages, candidates or lots are named for one reason. Our choice: what a person looks through."""


class Changed(msgspec.Struct, frozen=True):
    """One decision that would have changed: of what, from what to what, and for which reasons."""

    subject: str
    before: str
    after: str
    reasons: tuple[str, ...]


class Count(msgspec.Struct):
    """How many decisions would have changed for one reason, with the first of them by name."""

    reason: str
    before: str
    after: str
    count: int = 0
    subjects: list[str] = []


class Effect(msgspec.Struct):
    """What a draft would have changed: how many decisions were looked at, how many differ, and why."""

    passages: int = 0
    candidates: int = 0
    lots: int = 0
    examinations: int = 0
    unfaithful: int = 0
    changed: int = 0
    counts: list[Count] = []

    def take(self, change: Changed | None) -> None:
        """Count one decision that would have changed, once for each reason."""
        if change is None:
            return
        self.changed += 1
        for reason in change.reasons:
            key = (reason, change.before, change.after)
            count = next((each for each in self.counts if (each.reason, each.before, each.after) == key), None)
            if count is None:
                self.counts.append(count := Count(*key, subjects=[]))
            count.count += 1
            if len(count.subjects) < NAMED:
                count.subjects.append(change.subject)


class Job(msgspec.Struct):
    """A dry run: ``done`` with its effect, or ``failed`` with why; until then the effect is what was found so far."""

    number: str
    document: str
    digest: str
    started_at: Instant
    effect: Effect
    done: bool = False
    failed: str | None = None


class WithDraft(msgspec.Struct, frozen=True):
    """Plays ``RuleDocuments`` as if a draft were in force."""

    documents: RuleDocuments
    draft: RuleDocument

    def in_force(self, kind: Kind, name: str, at: Instant) -> RuleDocument | None:
        """Return the draft for its own name, and what is in force for every other."""
        if (kind, name) == (self.draft.kind, self.draft.name):
            return self.draft
        return self.documents.in_force(kind, name, at)


def passage_effect(found: Replay, before: DecisionTables, after: DecisionTables, at: Instant) -> Changed | None:
    """Return how a passage's last decision would have changed; None where it would not."""
    if not found.grounds:
        return None
    grounds = found.grounds[-1]
    papers = next((each for each in grounds.case.evidence if isinstance(each, PapersMatched)), None)
    if papers is None:
        return None
    direction = Direction(grounds.case.direction)
    old, new = ask(before, papers, direction, at), ask(after, papers, direction, at)
    if _rows(old) == _rows(new):
        return None
    remade = _decided(grounds, found.policy.rulebook, papers, old, new)
    if remade == grounds.decision.outcome.value:
        return None
    reasons = tuple(sorted(_rows(old) ^ _rows(new)))
    return Changed(found.passage, grounds.decision.outcome.value, remade, reasons)


def _rows(found: Sequence[Found | Undecided]) -> frozenset[str]:
    return frozenset(
        f"{one.table} {one.row.id} {one.row.kind}" if isinstance(one, Found) else f"{one.table} {one.why}"
        for one in found
    )


def _decided(
    grounds: Grounds,
    rulebook: Rulebook,
    papers: PapersMatched,
    old: Sequence[Found | Undecided],
    new: Sequence[Found | Undecided],
) -> str:
    """Decide again with the holds of the new rows in place of those that the tables asked for then."""
    tables = {one.table for one in (*old, *new)}
    kept = [hold for hold in papers.holds if not any(f":{prefix(table)}" in hold for table in tables)]
    holds = [*kept, *(hold_of(one, grounds.case.passage) for one in new)]
    gone = {hold.split(":")[1] for hold in papers.holds} - {hold.split(":")[1] for hold in holds}
    settled = frozenset(f"hold.{kind}" for kind in gone)
    return what_if(grounds, rulebook, {"papers.holds": holds}, settled).outcome.value


def candidate_effect(record: CandidateRecord, before: "Sides", after: "Sides", at: Instant) -> Changed | None:
    """Return how what tables and targeting rules ask of a candidate would have changed; None where it would not."""
    candidate = msgspec.structs.replace(candidate_of(record), at=at)
    features = dict(features_of(record))
    old, new = (
        {
            f"{hit.name} {hit.kind}"
            for hit in (
                *hits_of_tables(side.tables, candidate, features), *hits_of(side.targeting, candidate, features)
            )
        }
        for side in (before, after)
    )  # fmt: skip
    if old == new:
        return None
    told = tuple(sorted(old ^ new))
    return Changed(record.number, ", ".join(sorted(old)) or "pass", ", ".join(sorted(new)) or "pass", told)


COMPARED = (
    "site_checks", "checks_on_request", "destination_checks", "sampling", "certificate", "certificate_kind", "leaves",
    "granted_by",
)  # fmt: skip
"""What of a release rule a lot is governed by."""


def lot_effect(record: LotRecord, before: ReleaseBook, after: ReleaseBook, at: Instant) -> Changed | None:
    """Return how the rule that governs a lot would have changed; None where it would not."""
    old, new = (_governing(book, record, at) for book in (before, after))
    reasons = _differences(old, new)
    if not reasons:
        return None
    return Changed(record.number, _name(old), _name(new), reasons)


def _governing(book: ReleaseBook, record: LotRecord, at: Instant) -> ReleaseRule | Refused:
    direction = Direction(record.direction)
    rule = book.choose(record.hs_code, direction, at, at)
    return rule if isinstance(rule, Refused) else book.unload(rule, record.hs_code, direction, at, at)


def _differences(old: ReleaseRule | Refused, new: ReleaseRule | Refused) -> tuple[str, ...]:
    if isinstance(old, Refused) or isinstance(new, Refused):
        return () if isinstance(old, Refused) and isinstance(new, Refused) else ("no rule",)
    return tuple(
        f"{name}: {_shown(getattr(old, name))} → {_shown(getattr(new, name))}"
        for name in COMPARED
        if getattr(old, name) != getattr(new, name)
    )


def _shown(value: object) -> str:
    return ", ".join(str(each) for each in value) or "–" if isinstance(value, tuple) else str(value)


def _name(rule: ReleaseRule | Refused) -> str:
    return "–" if isinstance(rule, Refused) else rule.reference


def examination_effect(one: Examination, before: ExaminationRules, after: ExaminationRules) -> Changed | None:
    """Return how the sheet that an examination began with would have changed; None where it would not."""
    old, new = (_sheet(one, before, rules) for rules in (before, after))
    if old == new:
        return None
    told = tuple(sorted({*old.items()} ^ {*new.items()}))
    reasons = tuple(f"{step}: {minutes} min" for step, minutes in told)
    return Changed(one.number, f"{sum(old.values())} min", f"{sum(new.values())} min", reasons)


def _sheet(one: Examination, before: ExaminationRules, rules: ExaminationRules) -> dict[str, int]:
    """Return the steps that an examination's orders ask for with their minutes; what an order names itself stays."""
    asks = [
        msgspec.structs.replace(ask, steps=rules.asked_by(ask.agency, ask.kind))
        if ask.steps == before.asked_by(ask.agency, ask.kind)
        else ask
        for ask in one.asks
    ]
    begun = order(one.number, one.vehicle, asks, rules, one.ordered_at)
    if isinstance(begun, Refused):
        return {}
    return {f"{step.kind} {' '.join(step.present)}": step.minutes for step in begun.steps}


class Recorded(msgspec.Struct, frozen=True):
    """Where what was recorded of the last month is read: each returns an iterator over all of it since an instant."""

    passages: Callable[[Instant], AsyncIterator[Replay]]
    candidates: Callable[[Instant], AsyncIterator[CandidateRecord]]
    lots: Callable[[Instant], AsyncIterator[LotRecord]]
    examinations: Callable[[Instant], AsyncIterator[Examination]]


class Sides(msgspec.Struct, frozen=True):
    """The rules without a draft, or with it."""

    tables: DecisionTables
    book: ReleaseBook
    targeting: RuleSet
    examination: ExaminationRules


LOOKED_AT: Mapping[Kind, tuple[str, ...]] = {
    Kind.TABLE: ("passages", "candidates"),
    Kind.REFERENCE: ("passages", "candidates", "lots"),
    Kind.RELEASE: ("lots",),
    Kind.TARGETING: ("candidates",),
    Kind.EXAMINATION: ("examinations",),
}
"""What a draft of each kind may change the decisions on."""


async def dry_run(
    draft: RuleDocument, before: Sides, after: Sides, recorded: Recorded, now: Instant
) -> AsyncIterator[Effect]:
    """Yield what a draft would have changed so far, after each decision that was looked at."""
    effect, since, at = Effect(counts=[]), now - MONTH_US, draft.effective_from
    looked_at = LOOKED_AT[draft.kind]
    if "passages" in looked_at:
        async for replay in recorded.passages(since):
            effect.passages += 1
            effect.unfaithful += not replay.faithful
            effect.take(passage_effect(replay, before.tables, after.tables, at))
            yield effect
    if "candidates" in looked_at:
        async for candidate in recorded.candidates(since):
            effect.candidates += 1
            effect.take(candidate_effect(candidate, before, after, at))
            yield effect
    if "lots" in looked_at:
        async for lot in recorded.lots(since):
            effect.lots += 1
            effect.take(lot_effect(lot, before.book, after.book, at))
            yield effect
    if "examinations" in looked_at:
        async for one in recorded.examinations(since):
            effect.examinations += 1
            effect.take(examination_effect(one, before.examination, after.examination))
            yield effect
