"""Sealing of personal data: a key for each person, wrapped by a key that never stands in the database.

AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces. A person's key seals far fewer than the 2^32 messages that the
standard allows under random nonces. The additional data binds each ciphertext to its place: a wrapped key to its
subject, a payload to its commitment.
"""

import dataclasses
import hmac
import os
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kouan.ledger.roles import Personal
from kouan.vocabulary.errors import Corrupt

KEY_BYTES = 32
"""Bytes of an AES-256 key and of the HMAC-SHA-256 key."""

_NONCE_BYTES = 12
_SUBJECT_BYTES = 16
_SALT_LENGTH_BYTES = 2

Entropy = Callable[[int], bytes]
"""Gives that many random bytes; ``os.urandom`` outside simulations."""


@dataclasses.dataclass(frozen=True)
class SealingKeys:
    """What wraps the persons' keys (``wrapping``), and what hides their identities (``pepper``); 32 bytes each."""

    wrapping: bytes = dataclasses.field(repr=False)
    pepper: bytes = dataclasses.field(repr=False)


class Sealed(msgspec.Struct, frozen=True):
    """Personal data under its subject's key."""

    commitment: str
    subject: str
    nonce: bytes
    ciphertext: bytes


class Sealer:
    """Seals and opens personal data; draws keys and nonces from ``entropy``."""

    def __init__(self, keys: SealingKeys, entropy: Entropy = os.urandom) -> None:
        self._wrapping = AESGCM(keys.wrapping)
        self._pepper = keys.pepper
        self._entropy = entropy

    def new_subject(self) -> str:
        """Return a name for a person that says nothing about the person."""
        return self._entropy(_SUBJECT_BYTES).hex()

    def fingerprint(self, identity: str) -> bytes:
        """Return the keyed HMAC-SHA-256 by which an identity is found again without being kept."""
        return hmac.digest(self._pepper, identity.encode(), "sha256")

    def new_wrapped_key(self, subject: str) -> bytes:
        """Return a fresh key for a subject, wrapped."""
        nonce = self._entropy(_NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, self._entropy(KEY_BYTES), _key_place(subject))

    def seal(self, personal: Personal, wrapped_key: bytes) -> Sealed:
        """Return the personal data, salt included, sealed under its subject's key; raise Corrupt."""
        nonce = self._entropy(_NONCE_BYTES)
        commitment = personal.commitment
        text = len(personal.salt).to_bytes(_SALT_LENGTH_BYTES, "big") + personal.salt + personal.payload
        key = self._unwrap(personal.subject, wrapped_key)
        return Sealed(commitment, personal.subject, nonce, key.encrypt(nonce, text, commitment.encode()))

    def open(self, sealed: Sealed, wrapped_key: bytes) -> bytes:
        """Return the payload; raise Corrupt where it does not verify or is not what was committed to."""
        key = self._unwrap(sealed.subject, wrapped_key)
        try:
            text = key.decrypt(sealed.nonce, sealed.ciphertext, sealed.commitment.encode())
        except InvalidTag as error:
            raise Corrupt(f"the personal data behind {sealed.commitment} does not verify") from error
        end = _SALT_LENGTH_BYTES + int.from_bytes(text[:_SALT_LENGTH_BYTES], "big")
        personal = Personal(sealed.subject, text[_SALT_LENGTH_BYTES:end], text[end:])
        if personal.commitment != sealed.commitment:
            raise Corrupt(f"the personal data behind {sealed.commitment} is not what was committed to")
        return personal.payload

    def _unwrap(self, subject: str, wrapped_key: bytes) -> AESGCM:
        nonce, ciphertext = wrapped_key[:_NONCE_BYTES], wrapped_key[_NONCE_BYTES:]
        try:
            return AESGCM(self._wrapping.decrypt(nonce, ciphertext, _key_place(subject)))
        except InvalidTag as error:
            raise Corrupt(f"the key of subject {subject} does not open: was the sealing key file exchanged?") from error


def _key_place(subject: str) -> bytes:
    return b"kouan-subject-key\x00" + subject.encode()
