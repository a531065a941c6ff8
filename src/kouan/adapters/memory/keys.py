"""Signing keys for simulations: as Ed25519's in all that code sees of them, and forty times as quick.

A signature is a keyed hash, and the public key knows the secret: who has it could forge, which nothing in a simulation
does but by trying. A message that was changed, another one, or another's signature is refused as by Ed25519. Nothing
that is signed so verifies outside the process.
"""

import hmac
from hashlib import blake2b
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
    PublicFormat,
)

SIGNATURE_BYTES = 64
"""Length of a signature, as Ed25519's (RFC 8032, section 5.1.6)."""


class MemoryPublicKey(Ed25519PublicKey):
    """Checks what its ``MemoryKey`` signed; written out, it is the true public key of the same secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def verify(self, signature: bytes, data: bytes) -> None:  # type: ignore[override]
        """Raise InvalidSignature unless the signature is this key's, of this data."""
        if not hmac.compare_digest(signature, _signature(self._secret, data)):
            raise InvalidSignature

    def public_bytes(self, encoding: Encoding, format: PublicFormat) -> bytes:  # noqa: A002 - the library's name
        """Return the key in a format that others read."""
        return self._true.public_bytes(encoding, format)

    def public_bytes_raw(self) -> bytes:
        """Return the key's 32 bytes."""
        return self._true.public_bytes_raw()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MemoryPublicKey) and self._secret == other._secret

    def __hash__(self) -> int:
        return hash(self._secret)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    @property
    def _true(self) -> Ed25519PublicKey:
        return Ed25519PrivateKey.from_private_bytes(self._secret).public_key()


class MemoryKey(Ed25519PrivateKey):
    """Signs with a secret of 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, data: bytes) -> bytes:  # type: ignore[override]
        """Return the signature of the data."""
        return _signature(self._secret, data)

    def public_key(self) -> MemoryPublicKey:
        """Return the key that checks the signatures."""
        return MemoryPublicKey(self._secret)

    def private_bytes(
        self,
        encoding: Encoding,
        format: PrivateFormat,  # noqa: A002 - the library's name
        encryption_algorithm: KeySerializationEncryption,
    ) -> bytes:
        """Return the secret in a format that others read."""
        true = Ed25519PrivateKey.from_private_bytes(self._secret)
        return true.private_bytes(encoding, format, encryption_algorithm)

    def private_bytes_raw(self) -> bytes:
        """Return the secret's 32 bytes."""
        return self._secret

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self


def _signature(secret: bytes, data: bytes) -> bytes:
    return blake2b(data, key=secret, digest_size=SIGNATURE_BYTES).digest()
