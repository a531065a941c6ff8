"""The shelf: every document of a port as it was read last, and which of them is in force. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.inspection.examination.rules import ExaminationRules, parse_rules
from kouan.inspection.overrun import Overrun, OverrunAt, overrun_by
from kouan.inspection.release.rulebook import ReleaseBook
from kouan.inspection.rules.cells import Lists
from kouan.inspection.rules.checking import book_of
from kouan.inspection.rules.document import LISTS, Kind, RuleDocument, State, verify
from kouan.inspection.rules.lists import ReferenceList, lists_of, read_list
from kouan.inspection.rules.records import RuleRecord
from kouan.inspection.rules.roles import RuleDocuments
from kouan.inspection.targeting.rules import RuleSet, read_rules
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Corrupt, InvalidValue

Read = TypeVar("Read")

Title = tuple[str, str]
"""Kind and name of a document."""


class RuleShelf:
    """Plays ``RuleDocuments`` over what was put on it; the signatures are checked when it is put there.

    A document that was tampered with takes all of its name out of use: nothing is decided by what may be wrong.
    """

    def __init__(self, port: str, shipped: Sequence[RuleDocument], keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._port = port
        self._keys = keys
        self._shipped = {(one.kind.value, one.name): one for one in shipped}
        self._records: dict[Title, list[RuleRecord]] = {}
        self._documents: dict[tuple[str, str, int], RuleDocument] = {}
        self._corrupt: dict[Title, Corrupt] = {}

    def put(self, records: Sequence[RuleRecord]) -> None:
        """Replace everything on the shelf by what the records hold."""
        self._records, self._documents, self._corrupt = {}, {}, {}
        for record in records:
            title = (record.kind, record.name)
            self._records.setdefault(title, []).append(record)
            if record.approved_at is not None:
                document = self._documents[(*title, record.version)] = record.document
                try:
                    verify(document, self._port, self._keys)
                except Corrupt as error:
                    self._corrupt[title] = error

    def in_force(self, kind: Kind, name: str, at: Instant) -> RuleDocument | None:
        """Return the document in force at an instant, None where there is none; raise Corrupt."""
        title = (kind.value, name)
        if title in self._corrupt:
            raise self._corrupt[title]
        held = [record for record in self._records.get(title, ()) if holds(record, at)]
        if held:
            return self._documents[(*title, max(held, key=lambda record: record.effective_from).version)]
        return self._shipped.get(title)

    def shipped(self) -> Sequence[RuleDocument]:
        """Return the documents that hold where the port has approved none of its own."""
        return tuple(self._shipped.values())

    def names(self, kind: Kind) -> Sequence[str]:
        """Return the names of a kind that a document stands under, sorted."""
        return sorted({name for each, name in (*self._shipped, *self._records) if each == kind})

    def state_of(self, record: RuleRecord, at: Instant) -> State:
        """Return where a version is in its life at an instant."""
        if record.state != State.APPROVED:
            return State(record.state)
        ended = record.effective_until is not None and record.effective_until <= at
        later = any(
            other.effective_from > record.effective_from and other.effective_until is None and holds(other, at)
            for other in self._records.get((record.kind, record.name), ())
        )
        if ended or later:
            return State.SUPERSEDED
        found = self.in_force(Kind(record.kind), record.name, at)
        return State.IN_FORCE if found is not None and found.digest == record.digest else State.APPROVED


def holds(record: RuleRecord, at: Instant) -> bool:
    """Say whether a version was approved and holds at an instant; a withdrawn one held until it was withdrawn."""
    approved = record.approved_at is not None and record.approved_at <= at
    gone = record.withdrawn_at is not None and record.withdrawn_at <= at
    return approved and not gone and record.document.covers(at)


def lists_in_force(documents: RuleDocuments, at: Instant) -> Lists:
    """Return what cells may name at an instant; raise Corrupt where a list in force cannot be read."""
    found = [documents.in_force(Kind.REFERENCE, name, at) for name in LISTS]
    return lists_of(tuple(read_list(one.name, one.content) for one in found if one is not None), at)


def release_texts(documents: RuleDocuments, port: str, at: Instant) -> tuple[RuleDocument, ...]:
    """Return the release rules of a port in force at an instant: those of all ports, then its own."""
    found = [documents.in_force(Kind.RELEASE, name, at) for name in ("release", f"release-{port}")]
    return tuple(one for one in found if one is not None)


class ShelvedReleaseRules:
    """Plays ``ReleaseRules``: the release rules in force as one book, read again only where a document changed."""

    def __init__(self, documents: RuleDocuments, port: str) -> None:
        self._documents = documents
        self._port = port
        self._read: tuple[tuple[str, ...], ReleaseBook] | None = None

    async def book(self, at: Instant) -> ReleaseBook:
        """Return the rules as they are written at an instant, with all their versions; raise Corrupt."""
        found = release_texts(self._documents, self._port, at)
        digests = tuple(one.digest for one in found)
        if self._read is None or self._read[0] != digests:
            self._read = (digests, book_of([one.content for one in found]))
        return self._read[1]


class Shelved(Generic[Read]):
    """The rules of one document in force, read again only where the document changed."""

    def __init__(self, documents: RuleDocuments, kind: Kind, name: str, read: Callable[[RuleDocument], Read]) -> None:
        self._documents = documents
        self._title = (kind, name)
        self._read = read
        self._kept: tuple[tuple[str, str], Read] | None = None

    def __call__(self, at: Instant) -> Read:
        """Return the rules in force at an instant; raise Corrupt where there are none that can be used."""
        document = self._documents.in_force(*self._title, at)
        if document is None:
            raise Corrupt(f"there are no rules {self._title[1]}")
        key = (document.reference, document.digest)
        if self._kept is None or self._kept[0] != key:
            try:
                self._kept = (key, self._read(document))
            except InvalidValue as error:
                raise Corrupt(f"rules {document.reference} cannot be used: {error}") from error
        return self._kept[1]


def targeting_rules(documents: RuleDocuments) -> Shelved[RuleSet]:
    """Return what knows the targeting rules in force, which are cited by their document."""

    def read(document: RuleDocument) -> RuleSet:
        return msgspec.structs.replace(read_rules(document.content), version=document.reference)

    return Shelved(documents, Kind.TARGETING, "targeting", read)


def examination_rules(documents: RuleDocuments) -> Shelved[ExaminationRules]:
    """Return what knows the rules of examinations in force, which are cited by their document."""

    def read(document: RuleDocument) -> ExaminationRules:
        return msgspec.structs.replace(parse_rules(document.content), version=document.reference)

    return Shelved(documents, Kind.EXAMINATION, "examination", read)


def overrun_rules(documents: RuleDocuments) -> OverrunAt:
    """Return what knows the tolerance of goods in bulk, by the list in force; it raises Corrupt, as ``Shelved``."""

    def read(document: RuleDocument) -> tuple[str, ReferenceList]:
        return document.reference, read_list(document.name, document.content)

    listed = Shelved(documents, Kind.REFERENCE, "bulk-goods", read)

    def overrun(hs_code: str, at: Instant) -> Overrun | None:
        reference, bulk = listed(at)
        return overrun_by(bulk, reference, hs_code, at)

    return overrun
