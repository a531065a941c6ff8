"""A hash over all that happened, in the order in which it did."""

import hashlib
from typing import Any

import msgspec

from kouan.ledger.entries import Entry
from kouan.vocabulary.clock import Instant

_encoder = msgspec.json.Encoder(enc_hook=repr, order="sorted")


class Trace:
    """Takes what happens, as it happens."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def see(self, at: Instant, node: str, kind: str, data: Any) -> None:
        """Take one thing that happened."""
        said = data.hash.encode() if isinstance(data, Entry) else _encoder.encode(data)
        self._hash.update(f"{at} {node} {kind} ".encode() + said)

    def hexdigest(self) -> str:
        """Return the hash in hex."""
        return self._hash.hexdigest()
