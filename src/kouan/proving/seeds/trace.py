"""A hash over all that happened, in the order in which it did."""

import hashlib
from typing import Any

import msgspec

from kouan.vocabulary.clock import Instant

CARRIED = frozenset(("wire", "command", "report"))
"""Kinds of what is told as a message's topic and payload (``wiring.twin.watched.WatchedBroker``)."""

_encoder = msgspec.json.Encoder(enc_hook=repr, order="sorted")


class Trace:
    """Takes what happens, as it happens."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def see(self, at: Instant, node: str, kind: str, data: Any) -> None:
        """Take one thing that happened."""
        if kind in CARRIED:
            topic, said = data
            head = f"{at} {node} {kind} {topic} {len(said)} "
        else:
            said = data.leaf if kind == "entry" else _encoder.encode(data)
            head = f"{at} {node} {kind} {len(said)} "
        self._hash.update(head.encode() + said)

    def hexdigest(self) -> str:
        """Return the hash in hex."""
        return self._hash.hexdigest()
