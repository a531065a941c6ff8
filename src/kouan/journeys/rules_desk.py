"""The rules desk: where officers draft, check, approve and withdraw rule documents."""

from collections.abc import Sequence

import msgspec

from kouan.access.people import Principal
from kouan.inspection.rules.checking import Problem, problems_of_content
from kouan.inspection.rules.document import Kind, RuleDocument, authority_of, digest_of, signed
from kouan.inspection.rules.records import RuleRecord
from kouan.inspection.rules.roles import RuleRecords
from kouan.inspection.rules.shelf import RuleShelf, lists_in_force, release_texts
from kouan.inspection.rules.use_cases import (
    approve,
    approved,
    draft,
    problems_at_approval,
    refusal_of,
    refusal_to_approve,
    refused_for,
    withdraw,
)
from kouan.ledger.roles import Ledger, Unit, UnitRefused
from kouan.protocols.jws import Signer
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused


class Asked(msgspec.Struct, frozen=True):
    """A document as it is asked for: of which name, from and until when, and what it says."""

    kind: Kind
    name: str
    effective_from: Instant
    content: bytes
    effective_until: Instant | None = None


class RulesDesk:
    """Takes what officers ask for; each method returns how the document stands, or why not; all raise Unavailable.

    ``shelf`` is what the rest of the port decides by: it is read again after every change. Where that fails it stands
    as it was, until ``refresh`` succeeds.
    """

    def __init__(
        self, records: RuleRecords, ledger: Ledger, shelf: RuleShelf, port: str, signer: Signer, clock: Clock
    ) -> None:
        self.records = records
        self.shelf = shelf
        self._ledger = ledger
        self._port = port
        self._signer = signer
        self._clock = clock
        self._changes = 0
        self._read = -1

    async def start(self) -> None:
        """Put what the port has approved in force."""
        seen = self._changes
        found = await self.records.everything()
        if seen >= self._read:  # else what was read later is on the shelf already
            self.shelf.put(found)
            self._read = seen

    async def refresh(self) -> None:
        """Read again what the port has approved, if something was recorded, or may have been, since it was read."""
        if self._read < self._changes:
            await self.start()

    async def draft(self, by: Principal, asked: Asked, reason: str) -> RuleRecord | Refused:
        """Keep a draft under the next version; raise InvalidValue where nothing reads a document of its name."""
        owner = authority_of(asked.kind, asked.name, self._port)
        document = await self._document(by, asked)
        done = await self._done(draft(document, reason, owner, by, self._clock.now()))
        return done or await self.found(asked.kind, asked.name, document.version)

    async def check(self, record: RuleRecord) -> list[Problem]:
        """Return all that stands against approving a document now."""
        asked = Asked(Kind(record.kind), record.name, record.effective_from, record.content, record.effective_until)
        others = await self.records.versions(record.kind, record.name)
        return problems_at_approval(record, others, self.check_content(asked), self._clock.now())

    def check_content(self, asked: Asked) -> list[Problem]:
        """Return what is wrong with a content beside what is in force on its first day; raise InvalidValue."""
        authority_of(asked.kind, asked.name, self._port)
        at = max(asked.effective_from, self._clock.now())
        beside = [one.content for one in release_texts(self.shelf, self._port, at) if one.name != asked.name]
        return problems_of_content(asked.kind, asked.name, asked.content, lists_in_force(self.shelf, at), beside)

    async def approve(
        self, by: Principal, kind: Kind, name: str, version: int, reason: str, *, stepped_up: bool
    ) -> RuleRecord | Refused:
        """Put a draft in force from its date, as a second person; it is checked once more and signed."""
        record = await self.found(kind, name, version)
        owner = authority_of(kind, name, self._port)
        refusal = refusal_to_approve(record, owner, by, reason, stepped_up=stepped_up)
        if refusal is not None:
            return refusal
        problems = await self.check(record)
        if problems:
            return refused_for(problems)
        document = signed(approved(record.document, by.username, self._clock.now()), self._port, self._signer)
        done = await self._done(approve(record, document, reason))
        return done or await self.found(kind, name, version)

    async def withdraw(
        self, by: Principal, kind: Kind, name: str, version: int, reason: str, *, stepped_up: bool
    ) -> RuleRecord | Refused:
        """Withdraw a draft, or an approved document from now on."""
        record = await self.found(kind, name, version)
        owner = authority_of(kind, name, self._port)
        done = await self._done(withdraw(record, owner, by, reason, self._clock.now(), stepped_up=stepped_up))
        return done or await self.found(kind, name, version)

    async def found(self, kind: Kind, name: str, version: int) -> RuleRecord:
        """Return one version of a document; raise NotFound."""
        record = await self.records.find(kind.value, name, version)
        if record is None:
            raise NotFound(f"there is no {kind.value} {name}@{version}")
        return record

    async def _document(self, by: Principal, asked: Asked) -> RuleDocument:
        versions: Sequence[RuleRecord] = await self.records.versions(asked.kind.value, asked.name)
        before = [each.version for each in versions]
        before += [each.version for each in self.shelf.shipped() if (each.kind, each.name) == (asked.kind, asked.name)]
        return RuleDocument(
            kind=asked.kind,
            name=asked.name,
            version=max(before, default=0) + 1,
            effective_from=asked.effective_from,
            effective_until=asked.effective_until,
            content=asked.content,
            digest=digest_of(asked.content),
            drafted_by=by.username,
        )

    async def _done(self, unit: Unit | Refused) -> Refused | None:
        if isinstance(unit, Refused):
            return unit
        try:
            answer = await self._ledger.append(unit)
        finally:
            self._changes += 1
        if isinstance(answer, UnitRefused):
            return refusal_of(answer.guard)
        if answer.repeated:  # under the key of this version somebody else's draft or approval stands
            return refusal_of(unit.guards[0].name)
        await self.start()
        return None
