"""A ledger as a file that anyone can verify offline: JSON Lines, with the public key beside it.

    {"kouan":"ledger-export","port":"ganqimaodu","v":1}     the header
    {"at":…,"body":…,"epoch":…,…,"v":1}                     an entry: the line's bytes are its canonical bytes, so
                                                            SHA-256 over a zero byte and the line is its leaf hash
    {"head":{"at":…,…,"size":…}}                            a signed head, after the entry whose sequence is its size
    {"end":{"entries":…,"heads":…}}                         the last line

The file is read as hostile input: lines are bounded, and nothing of it is believed but what a signed head bears out.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import BinaryIO

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from kouan.ledger.damage import Report
from kouan.ledger.entries import Entry, read_entry
from kouan.ledger.heads import SignedHead
from kouan.ledger.roles import Ledger
from kouan.ledger.verifier import Verifier
from kouan.vocabulary.errors import InvalidValue

EXPORT_FORMAT = 1
"""Version of the file's form."""

MAX_LINE = 1 << 20
"""Longest line that is looked at, in bytes. Our choice: kept raw bytes are bounded far below it."""

_PAGE = 1_000
"""Entries asked of a ledger at once."""

_ALL_HEADS = 2**31 - 1


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: what the file is, whose ledger, and the version of its form."""

    kouan: str
    port: str
    v: int


class _Totals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    entries: int
    heads: int


class _HeadLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    head: SignedHead


class _EndLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    end: _Totals


_encode = msgspec.json.Encoder().encode


def export_lines(port: str, entries: Iterable[Entry], heads: Iterable[SignedHead]) -> Iterator[bytes]:
    """Yield the lines of an export, each with its line feed. Entries come in order, heads in any."""
    writer = _Lines(port, heads)
    yield writer.header()
    for entry in entries:
        yield from writer.entry(entry)
    yield from writer.end()


async def export_ledger(ledger: Ledger, port: str) -> AsyncIterator[bytes]:
    """Yield the lines of an export of a whole ledger as it stands when the first line is asked for."""
    size = await ledger.size()
    writer = _Lines(port, [head for head in await ledger.heads(_ALL_HEADS) if head.size <= size])
    yield writer.header()
    after = 0
    while after < size:
        page = await ledger.read(after, min(_PAGE, size - after))
        for entry in page:
            after = entry.seq
            for line in writer.entry(entry):
                yield line
        if not page:
            break
    for line in writer.end():
        yield line


class _Lines:
    """Writes an export's lines, each head after its entry."""

    def __init__(self, port: str, heads: Iterable[SignedHead]) -> None:
        self._port = port
        self._heads = sorted(heads, key=lambda head: (head.size, head.at), reverse=True)
        self._totals = _Totals(0, len(self._heads))

    def header(self) -> bytes:
        return _encode(Header("ledger-export", self._port, EXPORT_FORMAT)) + b"\n"

    def entry(self, entry: Entry) -> Iterator[bytes]:
        yield from self._heads_below(entry.seq)
        yield entry.encode() + b"\n"
        self._totals = _Totals(self._totals.entries + 1, self._totals.heads)

    def end(self) -> Iterator[bytes]:
        yield from self._heads_below(None)
        yield _encode(_EndLine(self._totals)) + b"\n"

    def _heads_below(self, size: int | None) -> Iterator[bytes]:
        while self._heads and (size is None or self._heads[-1].size < size):
            yield _encode(_HeadLine(self._heads.pop())) + b"\n"


def verify_export(
    file: BinaryIO, key: Ed25519PublicKey, *, port: str | None = None, expected_size: int | None = None
) -> Report:
    """Verify an export with nothing but a public key; raise InvalidValue where the file is no export at all.

    Give ``port`` and ``expected_size`` where they are known from elsewhere: the file cannot vouch for them. The file is
    read a line at a time.
    """
    header = _read_header(file)
    if port is not None and header.port != port:
        raise InvalidValue("export.port", "export.port", f"must be {port}, not {header.port[:64]!a}")
    verifier = Verifier(key, port=header.port, expected_size=expected_size, line=1)
    reader = _Reader(verifier)
    for line in _bounded_lines(file):
        reader.line(line)
        if verifier.full:
            break
    return reader.finish()


def _read_header(file: BinaryIO) -> Header:
    line = next(_bounded_lines(file), None)
    try:
        header = msgspec.json.decode(line or b"", type=Header)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidValue("export.header", "export.form", "the first line must be a ledger export's header") from error
    if header.kouan != "ledger-export" or header.v != EXPORT_FORMAT:
        mend = f"must be a ledger export of version {EXPORT_FORMAT}"
        raise InvalidValue("export.header", "export.version", mend)
    return header


def _bounded_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield lines without their line feed; None for one that is longer than MAX_LINE."""
    while line := file.readline(MAX_LINE + 1):
        if line.endswith(b"\n"):
            yield line[:-1]
        elif len(line) <= MAX_LINE:
            yield line
        else:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE + 1)
            yield None


class _Reader:
    """Feeds an export's lines to a verifier."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._entries = 0
        self._heads = 0
        self._totals: _Totals | None = None

    def line(self, line: bytes | None) -> None:
        """Take one line."""
        try:
            self._take(line)
        except (InvalidValue, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            self._verifier.unreadable(str(error)[:200])

    def _take(self, line: bytes | None) -> None:
        if line is None:
            raise InvalidValue("line", "export.length", f"must be at most {MAX_LINE} bytes")
        if self._totals is not None:
            raise InvalidValue("line", "export.end", "nothing may follow the last line")
        if line.startswith(b'{"head":'):
            head = msgspec.json.decode(line, type=_HeadLine).head
            self._verifier.head(head, line[8:-1])
            self._heads += 1
        elif line.startswith(b'{"end":'):
            self._totals = msgspec.json.decode(line, type=_EndLine).end
        else:
            self._verifier.entry(read_entry(line), line)
            self._entries += 1

    def _miscounted(self) -> str | None:
        """Return what the last line, or its absence, shows to be missing."""
        if self._totals is None:
            return "the last line is missing: the file was cut off"
        if self._totals != _Totals(self._entries, self._heads):
            return f"the last line counts {self._totals.entries} entries and {self._totals.heads} heads"
        return None

    def finish(self) -> Report:
        """Return the report."""
        return self._verifier.finish(self._miscounted())


def public_key_pem(key: Ed25519PublicKey) -> bytes:
    """Return a public key as PEM, as it is handed out beside an export."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_public_key(pem: bytes) -> Ed25519PublicKey:
    """Return the public key of a PEM file; raise InvalidValue unless it is an Ed25519 key."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidValue("key", "key.form", "must be a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidValue("key", "key.algorithm", "must be an Ed25519 key")
    return key
