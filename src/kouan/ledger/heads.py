"""Signed heads: what a ledger's writer vouches for at one size. Canonical bytes, Ed25519 (RFC 8032)."""

import re
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.ledger.entries import GENESIS
from kouan.ledger.merkle import EMPTY_ROOT
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue

HEAD_INTERVAL = 60 * SECOND
"""Longest time between two heads, in microseconds (invariant I19)."""

_DOMAIN = b"kouan-ledger-head/1\x00"
"""Goes before the signed bytes, so that no other signature of the same key is ever taken for a head's."""

_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


class Signer(Protocol):
    """Signs with one private key, known to others by its key id."""

    @property
    def key_id(self) -> str:
        """The name under which others hold the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of the message."""
        ...


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ledger at one size. Fields stand in the canonical (alphabetic) order.

    ``at`` is in microseconds since the epoch, ``epoch`` the writer's fencing number, ``last`` the hex hash of the entry
    with sequence ``size`` (GENESIS where there is none), ``root`` the hex Merkle root over all entries up to it.
    """

    at: Instant
    epoch: int
    key_id: str
    last: str
    port: str
    root: str
    size: int

    def signed_bytes(self) -> bytes:
        """Return the bytes over which the signature goes."""
        return _DOMAIN + msgspec.json.encode(self)


class SignedHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A head and its Ed25519 signature in hex. Fields stand in the canonical order; see ``Head`` for their meaning."""

    at: Instant
    epoch: int
    key_id: str
    last: str
    port: str
    root: str
    signature: str
    size: int

    @property
    def head(self) -> Head:
        """What is signed."""
        return Head(self.at, self.epoch, self.key_id, self.last, self.port, self.root, self.size)

    def encode(self) -> bytes:
        """Return the canonical bytes, as they stand in an export."""
        return msgspec.json.encode(self)


def sign_head(signer: Signer, *, port: str, size: int, root: bytes, last: str, at: Instant, epoch: int) -> SignedHead:
    """Return the signed head of ``port`` at ``size`` with the Merkle ``root`` and the ``last`` entry's hex hash."""
    head = Head(at, epoch, signer.key_id, last, port, root.hex(), size)
    _require_form(head)
    signature = signer.sign(head.signed_bytes()).hex()
    return SignedHead(at, epoch, signer.key_id, last, port, head.root, signature, size)


def verify_head(head: SignedHead, key: Ed25519PublicKey) -> None:
    """Check a head's form and signature; raise InvalidValue with the rule ``head.form`` or ``head.signature``."""
    if not _SIGNATURE.fullmatch(head.signature):
        raise InvalidValue("head.signature", "head.form", "must be 128 hex digits")
    _require_form(head.head)
    try:
        key.verify(bytes.fromhex(head.signature), head.head.signed_bytes())
    except InvalidSignature as error:
        raise InvalidValue("head.signature", "head.signature", "does not verify") from error


def _require_form(head: Head) -> None:
    for field, value in (("root", head.root), ("last", head.last)):
        if not _HASH.fullmatch(value):
            raise InvalidValue(f"head.{field}", "head.form", "must be 64 hex digits")
    if head.size < 0 or head.epoch < 0:
        raise InvalidValue("head.size", "head.form", "size and epoch must not be negative")
    if head.size == 0 and (head.last != GENESIS or head.root != EMPTY_ROOT.hex()):
        raise InvalidValue("head.root", "head.form", "an empty ledger has the empty root and no last entry")
