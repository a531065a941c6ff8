"""Papers handed in: read, judged against what stands, recorded; the same way for HTTP, files and the twin."""

from collections.abc import Callable

from kouan.inspection.reading import driver_identity, read_confirmation, read_declaration, read_manifest
from kouan.inspection.roles import PapersRecords
from kouan.inspection.use_cases import (
    Accepted,
    delete_batch,
    refusal_of,
    submit_confirmation,
    submit_declaration,
    submit_manifest,
)
from kouan.ledger.roles import Ledger, Subjects, Unit, UnitRefused
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused

SALT_BYTES = 16
"""Random bytes that keep a commitment from being guessed (NIST SP 800-132 asks for at least 128 bits)."""


class PapersCounter:
    """Takes papers in; each method returns what was accepted, or everything that is wrong with the document."""

    def __init__(
        self,
        papers: PapersRecords,
        ledger: Ledger,
        subjects: Subjects,
        clock: Clock,
        chance: Callable[[int], bytes],
    ) -> None:
        self._papers = papers
        self._ledger = ledger
        self._subjects = subjects
        self._clock = clock
        self._chance = chance

    async def confirmation(self, document: object) -> Accepted | Refused:
        """Take a vehicle confirmation (确报), or an amendment of one."""
        read = read_confirmation(document)
        if isinstance(read, Refused):
            return read
        standing = await self._papers.find_confirmation(read.confirmation.number)
        subject = await self._subjects.subject_for(driver_identity(read.driver))
        salt = self._chance(SALT_BYTES)
        return await self._record(submit_confirmation(read, standing, subject, salt, self._clock.now()))

    async def manifest(self, document: object) -> Accepted | Refused:
        """Take an original manifest (原始舱单), or an amendment of one."""
        read = read_manifest(document)
        if isinstance(read, Refused):
            return read
        standing = await self._papers.find_manifest(read.number)
        return await self._record(submit_manifest(read, standing, self._clock.now()))

    async def declaration(self, document: object) -> Accepted | Refused:
        """Take a customs declaration (报关单) with its status, or a newer version of one."""
        read = read_declaration(document)
        if isinstance(read, Refused):
            return read
        standing = await self._papers.find_declaration(read.number)
        return await self._record(submit_declaration(read, standing, self._clock.now()))

    async def delete_batch(self, batch: str, by: str) -> Unit | Refused:
        """Delete all papers under a batch number; raise NotFound where there are none."""
        confirmations = await self._papers.confirmations_of_batch(batch)
        manifests = await self._papers.manifests_of_batch(batch)
        if not confirmations and not manifests:
            raise NotFound(f"no papers under batch {batch}")
        unit = delete_batch(batch, confirmations, manifests, by, self._clock.now())
        if isinstance(unit, Refused):
            return unit
        answer = await self._ledger.append(unit)
        return refusal_of(answer.guard) if isinstance(answer, UnitRefused) else unit

    async def _record(self, decided: Accepted | Refused) -> Accepted | Refused:
        if isinstance(decided, Refused) or decided.unit is None:
            return decided
        answer = await self._ledger.append(decided.unit)
        return refusal_of(answer.guard) if isinstance(answer, UnitRefused) else decided
