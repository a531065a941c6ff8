"""Papers handed in: read, judged against what stands, recorded; the same way for HTTP, files and the twin."""

from collections.abc import Awaitable, Callable, Sequence

from kouan.inspection.coverage import drawn_on_others
from kouan.inspection.papers import ConsignmentLine, DeclarationStatus, Document
from kouan.inspection.parties import (
    Concerns,
    PaperRecord,
    consignees_of,
    everybody,
    firms_of,
    not_theirs,
    parties_of,
    stands_for_others,
)
from kouan.inspection.reading import driver_identity, read_confirmation, read_declaration, read_manifest
from kouan.inspection.roles import PapersRecords
from kouan.inspection.supporting import PaperKind, Supporting, lots_covered
from kouan.inspection.supporting_matrix import read_supporting
from kouan.inspection.supporting_use_cases import revoke_supporting, submit_supporting
from kouan.inspection.two_step import RulesAt, default_rules
from kouan.inspection.use_cases import (
    Accepted,
    as_declared,
    delete_batch,
    note_status,
    refusal_of,
    submit_confirmation,
    submit_declaration,
    submit_manifest,
)
from kouan.ledger.roles import Ledger, Subjects, Unit, UnitRefused
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused, refuse

SALT_BYTES = 16
"""Random bytes that keep a commitment from being guessed (NIST SP 800-132 asks for at least 128 bits)."""


class PapersCounter:
    """Takes papers in; each method returns what was accepted, or everything that is wrong with the document.

    A ``rehearsal`` reads and judges as always, and records nothing. ``concerns`` holds a sender to their own firms:
    neither a paper nor the version of it that stands may concern only others.
    """

    def __init__(
        self,
        papers: PapersRecords,
        ledger: Ledger,
        subjects: Subjects,
        clock: Clock,
        chance: Callable[[int], bytes],
        two_step: RulesAt = default_rules,
        *,
        rehearsal: bool = False,
        came: Callable[[str], Awaitable[object]] | None = None,
        concerns: Concerns = everybody,
    ) -> None:
        """``came`` is told of each paper that stands, before its sender is answered; sent again, it is told again."""
        self._papers = papers
        self._ledger = ledger
        self._subjects = subjects
        self._clock = clock
        self._chance = chance
        self._two_step = two_step
        self._rehearsal = rehearsal
        self._came = came
        self._concerns = concerns

    async def confirmation(self, document: object) -> Accepted | Refused:
        """Take a vehicle confirmation (确报), or an amendment of one."""
        read = read_confirmation(document)
        if isinstance(read, Refused):
            return read
        standing = await self._papers.find_confirmation(read.confirmation.number)
        lines = read.confirmation.consignments
        refusal = await self._refusal(read.confirmation, standing) or await self._draws_on_others(lines)
        if refusal is not None:
            return refusal
        identity = driver_identity(read.driver)
        if self._rehearsal:
            subject = await self._subjects.find_subject(identity) or "nobody"
        else:
            subject = await self._subjects.subject_for(identity)
        salt = self._chance(SALT_BYTES)
        return await self._record(submit_confirmation(read, standing, subject, salt, self._clock.now()))

    async def manifest(self, document: object) -> Accepted | Refused:
        """Take an original manifest (原始舱单), or an amendment of one."""
        read = read_manifest(document)
        if isinstance(read, Refused):
            return read
        standing = await self._papers.find_manifest(read.number)
        refusal = await self._refusal(read, standing) or await self._draws_on_others(read.consignments)
        if refusal is not None:
            return refusal
        return await self._record(submit_manifest(read, standing, self._clock.now()))

    async def declaration(self, document: object) -> Accepted | Refused:
        """Take a customs declaration (报关单) of a declarant, its base items, or a newer version of one.

        Its status stays what customs said last: a declarant may say no other than ``declared``.
        """
        read = read_declaration(document)
        if isinstance(read, Refused):
            return read
        if read.status is not DeclarationStatus.DECLARED:
            return refuse("declaration.status", field="status", mend="is for customs to say: leave it out")
        standing = await self._papers.find_declaration(read.number)
        if refusal := await self._refusal(read, standing):
            return refusal
        paper = as_declared(read, standing)
        return await self._record(submit_declaration(paper, standing, self._clock.now(), self._two_step))

    async def status(self, number: str, status: DeclarationStatus) -> Accepted | Refused:
        """Take the status that customs gives a declaration."""
        standing = await self._papers.find_declaration(number)
        return await self._record(note_status(standing, status, self._clock.now(), self._two_step))

    async def supporting(self, kind: PaperKind, document: object) -> Accepted | Refused:
        """Take a supporting paper (随附单证), or a newer version of one."""
        read = read_supporting(kind, document)
        if isinstance(read, Refused):
            return read
        standing = await self._papers.find_supporting(kind, read.number)
        if refusal := await self._refusal(read, standing, lots_covered(read)):
            return refusal
        return await self._record(submit_supporting(read, standing, self._clock.now()))

    def supporting_of(self, kind: PaperKind) -> Callable[[object], Awaitable[Accepted | Refused]]:
        """Return what takes a supporting paper of a kind."""
        return lambda document: self.supporting(kind, document)

    async def revoke(self, kind: PaperKind, number: str, reason: str, by: str) -> Unit | Refused:
        """Revoke a supporting paper."""
        standing = await self._papers.find_supporting(kind, number)
        revoked = await self._done(revoke_supporting(standing, reason, by, self._clock.now()))
        if self._came is not None and not isinstance(revoked, Refused):
            await self._came(number)
        return revoked

    async def delete_batch(self, batch: str, by: str) -> Unit | Refused:
        """Delete all papers under a batch number; raise NotFound where there are none."""
        confirmations = await self._papers.confirmations_of_batch(batch)
        manifests = await self._papers.manifests_of_batch(batch)
        if not confirmations and not manifests:
            raise NotFound(f"no papers under batch {batch}")
        papers: list[PaperRecord] = [*confirmations, *manifests]
        refusals = [stands_for_others(await firms_of(self._papers, one), self._concerns, "batch") for one in papers]
        if all(refusals):
            raise NotFound(f"no papers under batch {batch}")
        if refusal := next(filter(None, refusals), None):
            return refusal
        return await self._done(delete_batch(batch, confirmations, manifests, by, self._clock.now()))

    async def _refusal(
        self, paper: Document | Supporting, standing: PaperRecord | None, lots: Sequence[str] = ()
    ) -> Refused | None:
        """Return why the sender may not hand a paper in, for whom it is and for whom that stands which it replaces."""
        firms = parties_of(paper) | await consignees_of(self._papers, lots)
        if refusal := not_theirs(paper, firms, self._concerns):
            return refusal
        if standing is None:
            return None
        return stands_for_others(await firms_of(self._papers, standing), self._concerns)

    async def _draws_on_others(self, lines: Sequence[ConsignmentLine]) -> Refused | None:
        """Return why lines may not name the declarations that they name, of those that stand, or None."""
        numbers = sorted({line.declaration for line in lines if line.declaration})
        standing = await self._papers.declarations(numbers) if numbers else ()
        return drawn_on_others(lines, {record.number: record for record in standing})

    async def _done(self, unit: Unit | Refused) -> Unit | Refused:
        if isinstance(unit, Refused):
            return unit
        answer = await self._ledger.append(unit)
        return refusal_of(answer.guard) if isinstance(answer, UnitRefused) else unit

    async def _record(self, decided: Accepted | Refused) -> Accepted | Refused:
        if isinstance(decided, Refused) or self._rehearsal:
            return decided
        answer = None if decided.unit is None else await self._ledger.append(decided.unit)
        if isinstance(answer, UnitRefused):
            return refusal_of(answer.guard)
        if answer is not None and answer.repeated:  # somebody else's paper took this number and version meanwhile
            return refusal_of("")
        if self._came is not None:
            await self._came(decided.number)
        return decided
