"""Entries, questions and answers as JSON; bulletins and witnessed heads as signed JSON."""

from typing import Any

from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.network.messages import (
    MAX_BATCH_BYTES,
    MAX_ENTRIES,
    Bulletin,
    Entries,
    Head,
    Taken,
    Wanted,
    Witnessed,
)
from kouan.protocols.signed import SignedCodec, UnverifiedCodec

MAX_BYTES = 4096
"""Longest of the short messages, in bytes. Our choice: the longest that the fields allow is shorter."""

ENTRIES_MAX_BYTES = MAX_BATCH_BYTES + 2 * MAX_ENTRIES + 256
"""Longest batch in bytes: its entries, the commas between them, and what stands around them."""

BULLETIN_MAX_BYTES = 180_000
"""Longest bulletin before signing, in bytes. Our choice: in base64 it fits into the longest body of an entry."""

SIGNED_MAX_BYTES = 245_760
"""Longest signed bulletin: BULLETIN_MAX_BYTES in base64, with header and signature."""

WITNESS_TYPE = "kouan-witness+jws"
BULLETIN_TYPE = "kouan-bulletin+jws"
"""The ``typ`` in the headers of signed messages. Our choice of names, as RFC 8725, section 3.11 asks for."""


def hub_key(region: str) -> str:
    """Return the key id under which the hub of a region signs."""
    return f"hub:{region}"


ENTRIES: JsonCodec[Entries] = JsonCodec(Entries, ENTRIES_MAX_BYTES)
HEADS: JsonCodec[Head] = JsonCodec(Head, MAX_BYTES)
WANTED: JsonCodec[Wanted] = JsonCodec(Wanted, MAX_BYTES)
TAKEN: JsonCodec[Taken] = JsonCodec(Taken, MAX_BYTES)
WITNESSES: SignedCodec[Witnessed] = SignedCodec(
    WITNESS_TYPE, JsonCodec(Witnessed, MAX_BYTES), lambda witnessed: hub_key(witnessed.region)
)
BULLETINS: SignedCodec[Any] = SignedCodec(
    BULLETIN_TYPE, JsonCodec(Bulletin, BULLETIN_MAX_BYTES), lambda bulletin: hub_key(bulletin.region), SIGNED_MAX_BYTES
)
SIGNED_BULLETINS = UnverifiedCodec(SIGNED_MAX_BYTES)
