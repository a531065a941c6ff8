"""Ledgers for tests: chains of entries with their signed heads."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kouan.ledger.entries import GENESIS, Entry, canonical
from kouan.ledger.heads import SignedHead, sign_head
from kouan.ledger.merkle import root_of

PORT = "ganqimaodu"


class KeyInMemory:
    def __init__(self, seed: bytes = b"ledger", key_id: str = "ledger:ganqimaodu") -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(sha256(seed).digest())
        self._key_id = key_id

    @property
    def key_id(self) -> str:
        return self._key_id

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    @property
    def public(self):
        return self._key.public_key()


SIGNER = KeyInMemory()
KEY = SIGNER.public


def make_entry(seq: int, prev: str, *, text: str = "", epoch: int = 1, port: str = PORT) -> Entry:
    body = msgspec.Raw(canonical({"mass_kg": 1000 + seq, "note": text}))
    return Entry(seq * 1_000, body, epoch, f"key-{seq}", "gate.evidence/1", port, prev, seq, f"passage-{seq % 3}")


def make_entries(
    count: int, *, text: str = "", before: Sequence[Entry] = (), epochs: Sequence[int] = ()
) -> list[Entry]:
    """Return ``before`` and, chained to it, entries up to ``count``."""
    entries = list(before)
    while len(entries) < count:
        prev = entries[-1].hash if entries else GENESIS
        seq = len(entries) + 1
        entries.append(make_entry(seq, prev, text=text, epoch=epochs[seq - 1] if epochs else 1))
    return entries


def make_head(entries: Sequence[Entry], size: int | None = None, **changes) -> SignedHead:
    size = len(entries) if size is None else size
    parts = {
        "port": PORT,
        "size": size,
        "root": root_of(entry.leaf for entry in entries[:size]),
        "last": entries[size - 1].hash if size else GENESIS,
        "at": size * 1_000,
        "epoch": entries[size - 1].epoch if size else 1,
    }
    return sign_head(changes.pop("signer", SIGNER), **(parts | changes))


def change(entry: Entry, **changes) -> Entry:
    return msgspec.structs.replace(entry, **changes)


def edited(entry: Entry) -> Entry:
    return change(entry, body=msgspec.Raw(canonical({"mass_kg": 7, "note": "edited"})))


def broken_signature(head: SignedHead) -> SignedHead:
    return msgspec.structs.replace(head, signature="00" * 64)
