"""The ledger for everybody who wants to check it: entries, signed heads, proofs, and the key they are signed with."""

import base64
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from kouan.access.words import Action
from kouan.ledger.entries import MAX_INTEGER, Entry
from kouan.ledger.tiles import prove_consistency, prove_inclusion, prove_root
from kouan.vocabulary.errors import NotFound
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, Common, GuardedRoute, asks
from kouan.web.entry_kinds import fields_in
from kouan.web.fields import LINE, Instant, Page, Sequence, Shape
from kouan.web.matters import entry_matter
from kouan.web.need_to_know import reads_entry
from kouan.web.reading import Reads

router = APIRouter(route_class=GuardedRoute, tags=["ledger"], prefix="/ledger")

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=1, le=MAX_INTEGER)]


class EntryView(Shape):
    """One entry; ``encoded`` are its canonical bytes in Base64, over which ``hash`` goes (RFC 9162 leaf hash).

    ``body`` and ``encoded`` are null where they are withheld from the reader: that the entry stands there is not.
    """

    seq: int
    at: Instant
    kind: str
    stream: str
    hash: Hash
    prev: Hash
    epoch: int
    key: str
    body: Any
    encoded: str | None


class Entries(Shape):
    """Entries in order, and how many there are in all."""

    items: list[EntryView]
    size: int


class SignedHeadView(Shape):
    """A signed head; the signature goes over its other fields as ``ledger.heads`` says."""

    at: Instant
    epoch: int
    key_id: str
    last: Hash
    port: str
    root: Hash
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
    size: int


class Heads(Shape):
    """Signed heads, newest first."""

    items: list[SignedHeadView]


class Inclusion(Shape):
    """That an entry stands in the tree of ``size`` entries with this root (RFC 9162 section 2.1.3)."""

    seq: int
    size: int
    leaf_hash: Hash
    path: list[Hash]
    root: Hash


class Consistency(Shape):
    """That the tree of ``second`` entries extends the tree of ``first`` (RFC 9162 section 2.1.4)."""

    first: int
    second: int
    path: list[Hash]
    first_root: Hash
    second_root: Hash


class Key(Shape):
    """The public key of the ledger's heads in hex."""

    key_id: str
    key: str
    algorithm: Literal["Ed25519"]


@router.get("/entries", response_model=Entries)
@asks(Action.READ_LEDGER)
async def list_entries(
    caller: Caller,
    services: Common,
    reads: Reads,
    after: Annotated[Sequence, Query(description="The sequence number before the first one wanted.")] = 0,
    limit: Annotated[Page, Query()] = 100,
    stream: Annotated[str | None, Query(min_length=1, max_length=300, pattern=LINE)] = None,
) -> Response:
    """Return entries in order, of one stream if given."""
    found = [(entry, fields_in(entry)) for entry in await services.ledger.read(after, limit, stream)]
    read = await reads.of([entry_matter(entry, fields) for entry, fields in found])
    items = [_view(entry, reads_entry(fields, caller, own)) for (entry, fields), own in zip(found, read, strict=True)]
    return json_answer({"items": items, "size": await services.ledger.size()})


@router.get("/heads", response_model=Heads)
@asks(Action.READ_LEDGER)
async def list_heads(services: Common, limit: Annotated[Page, Query()] = 100) -> Response:
    """Return the latest signed heads."""
    return json_answer({"items": await services.ledger.heads(limit)})


@router.get("/proof/{seq}", response_model=Inclusion)
@asks(Action.READ_LEDGER)
async def prove_entry(
    services: Common, seq: Annotated[Size, Path()], size: Annotated[Size | None, Query()] = None
) -> Response:
    """Prove that an entry stands in the ledger, as it was at a size; by default as it is now."""
    whole = await services.ledger.size()
    size = whole if size is None else size
    if not seq <= size <= whole:
        raise NotFound(f"the ledger has no entry {seq} at size {size}: it has {whole} entries")
    entry = await services.ledger.get(seq)
    path = await prove_inclusion(services.tiles, seq - 1, size)
    root = await prove_root(services.tiles, size)
    return json_answer({"seq": seq, "size": size, "leaf_hash": entry.hash, "path": _hex(path), "root": root.hex()})


@router.get("/consistency", response_model=Consistency)
@asks(Action.READ_LEDGER)
async def prove_growth(services: Common, first: Annotated[Size, Query()], second: Annotated[Size, Query()]) -> Response:
    """Prove that nothing changed between two sizes but that entries were added."""
    whole = await services.ledger.size()
    if not first <= second <= whole:
        raise NotFound(f"the ledger has no sizes {first} and {second}, one after the other: it has {whole} entries")
    path = await prove_consistency(services.tiles, first, second)
    roots = {
        "first_root": (await prove_root(services.tiles, first)).hex(),
        "second_root": (await prove_root(services.tiles, second)).hex(),
    }
    return json_answer({"first": first, "second": second, "path": _hex(path), **roots})


@router.get("/key", response_model=Key)
@asks(Action.READ_LEDGER)
async def get_key(services: Common) -> Response:
    """Return the public key with which heads are signed."""
    return json_answer({"key_id": services.ledger_key_id, "key": services.ledger_key.hex(), "algorithm": "Ed25519"})


def _view(entry: Entry, readable: bool) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at,
        "kind": entry.kind,
        "stream": entry.stream,
        "hash": entry.hash,
        "prev": entry.prev,
        "epoch": entry.epoch,
        "key": entry.key,
        "body": msgspec.Raw(entry.body) if readable else None,
        "encoded": base64.b64encode(entry.encode()).decode("ascii") if readable else None,
    }


def _hex(path: tuple[bytes, ...]) -> list[str]:
    return [node.hex() for node in path]
