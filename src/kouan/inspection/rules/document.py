"""A rule document: what it says, since when, who wrote and who approved it, and the port's signature over that."""

import enum
import hashlib
from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.access.people import Agency
from kouan.ledger.entries import canonical
from kouan.protocols import jws
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Corrupt, InvalidValue

SIGNED_AS = "kouan-rules+jws"
"""The type under which documents are signed, so that no other signature is taken for one."""

SHIPPED = "kouan"
"""Who drafted the documents that hold until a port has approved its own; nobody approved or signed those."""

MAX_BYTES = 256 * 1024
"""Longest content in bytes. Our choice: a table of 1,000 rows has 150 KiB."""


class Kind(enum.StrEnum):
    """What a document holds: a decision table (JSON), or else (TOML) rules or a list of reference data.

    ``TARGETING`` rules name candidates, ``EXAMINATION`` rules say what steps need and what orders ask for.
    """

    RELEASE = "release"
    TABLE = "table"
    REFERENCE = "reference"
    TARGETING = "targeting"
    EXAMINATION = "examination"


class State(enum.StrEnum):
    """Where a document is in its life; ``SHIPPED`` ones hold where a port has approved none of its own."""

    DRAFT = "draft"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    SHIPPED = "shipped"


class RuleDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a document (规则文件), in force from ``effective_from`` until before ``effective_until``.

    ``digest`` is the hex SHA-256 of ``content``. ``signature`` is the compact signature of the port over everything
    but itself; like ``approved_by`` and ``approved_at`` it is None before approval.
    """

    kind: Kind
    name: str
    version: int
    effective_from: Instant
    effective_until: Instant | None = None
    content: bytes
    digest: str
    drafted_by: str
    approved_by: str | None = None
    approved_at: Instant | None = None
    signature: str | None = None

    @property
    def reference(self) -> str:
        """Return ``name@version``, as decisions cite it; its ``digest`` stands beside."""
        return f"{self.name}@{self.version}"

    def covers(self, at: Instant) -> bool:
        """Say whether an instant lies between its dates."""
        return self.effective_from <= at and (self.effective_until is None or at < self.effective_until)


TABLE_STAGES = ("at-hand-in", "at-gate")
"""When a table is asked: once papers are complete, and once a vehicle's papers were found at the gate."""

TABLES: Mapping[str, Agency] = {
    f"{agency.value}-{stage}": agency
    for agency in (Agency.CUSTOMS, Agency.BORDER_INSPECTION, Agency.SITE)
    for stage in TABLE_STAGES
}
"""The tables that are asked, and whose orders each places: an authority places its own only."""

LISTS = ("hs-codes", "agencies", "test-items", "minerals", "bulk-goods", "thresholds")
"""The lists of reference data that rules may name; all are customs'."""


def names_of(port: str) -> Mapping[Kind, tuple[str, ...]]:
    """Return the names of the documents that a port reads, by kind."""
    return {
        Kind.RELEASE: ("release", f"release-{port}"),
        Kind.TABLE: tuple(TABLES),
        Kind.REFERENCE: LISTS,
        Kind.TARGETING: ("targeting",),
        Kind.EXAMINATION: ("examination",),
    }


def authority_of(kind: Kind, name: str, port: str) -> Agency:
    """Return whose a document is; raise InvalidValue (``rules.name``) where nothing reads a document of this name."""
    if kind is Kind.TABLE and name in TABLES:
        return TABLES[name]
    known = names_of(port)[kind]
    if name not in known:
        raise InvalidValue("name", "rules.name", f"must be one of {', '.join(known)}")
    return Agency.CUSTOMS


def digest_of(content: bytes) -> str:
    """Return the hex SHA-256 of a content."""
    return hashlib.sha256(content).hexdigest()


def statement_of(document: RuleDocument, port: str) -> bytes:
    """Return what is signed of a document: all that it says, its content by its digest."""
    fields = {name: getattr(document, name) for name in document.__struct_fields__}
    return canonical({**{k: v for k, v in fields.items() if k not in ("content", "signature")}, "port": port})


def signed(document: RuleDocument, port: str, signer: jws.Signer) -> RuleDocument:
    """Return an approved document with the port's signature."""
    compact = jws.sign(signer, SIGNED_AS, statement_of(document, port))
    return msgspec.structs.replace(document, signature=compact.decode("ascii"))


def verify(document: RuleDocument, port: str, keys: Mapping[str, Ed25519PublicKey]) -> None:
    """Raise Corrupt unless a document is what its digest says and the port signed it."""
    if digest_of(document.content) != document.digest:
        raise Corrupt(f"{document.kind} {document.reference} is not what its digest says")
    try:
        _, said = jws.verify(keys, SIGNED_AS, (document.signature or "").encode("ascii", "replace"))
    except InvalidValue as error:
        raise Corrupt(f"{document.kind} {document.reference} is not signed by this port: {error}") from error
    if said != statement_of(document, port):
        raise Corrupt(f"{document.kind} {document.reference} is not what was signed")
