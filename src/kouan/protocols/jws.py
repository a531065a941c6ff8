"""Signed messages: JSON Web Signatures (RFC 7515), compact form, with Ed25519 (RFC 8037).

The header's ``typ`` says what is signed, so that a signature over one kind of message is never taken for another.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kouan.vocabulary.errors import InvalidValue

MAX_BYTES = 16_384
"""Longest compact form that is looked at, unless a type of message says so. Our choice: most are under 4 KiB."""


class Signer(Protocol):
    """Signs with one private key, known to others by its key id."""

    @property
    def key_id(self) -> str:
        """The name under which others hold the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of the message."""
        ...


class PrivateKeySigner:
    """A Signer that holds its Ed25519 key in memory."""

    def __init__(self, key_id: str, key: Ed25519PrivateKey) -> None:
        self._key_id = key_id
        self._key = key

    @property
    def key_id(self) -> str:
        """The name under which others hold the public key."""
        return self._key_id

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The key with which others check the signatures."""
        return self._key.public_key()

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of the message."""
        return self._key.sign(message)


MAX_NAME = 128
"""Longest key id or type in characters. Our choice: a port's and an authority's names fit with room."""

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: _Name
    kid: _Name
    typ: _Name


_read_header = msgspec.json.Decoder(_Header).decode


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
"""From base64 to base64url (RFC 4648, section 5)."""


def _encode(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE).rstrip(b"=")


def _decode(part: bytes) -> bytes:
    """Read one part; only the one canonical spelling is taken, so that no changed byte goes unseen."""
    data = base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    if _encode(data) != part:
        raise binascii.Error("not canonical base64url without padding")
    return data


def sign(signer: Signer, typ: str, payload: bytes, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the compact form of ``payload`` signed as a message of type ``typ``.

    Raises InvalidValue (``jws.size``) if it would be longer than anybody would look at.
    """
    header = msgspec.json.encode(_Header("EdDSA", signer.key_id, typ))
    signed = _encode(header) + b"." + _encode(payload)
    compact = signed + b"." + _encode(signer.sign(signed))
    if len(compact) > max_bytes:
        raise InvalidValue("jws", "jws.size", f"must be at most {max_bytes} bytes")
    return compact


def verify(
    keys: Mapping[str, Ed25519PublicKey], typ: str, compact: bytes, max_bytes: int = MAX_BYTES
) -> tuple[str, bytes]:
    """Return (key id, payload) of a compact form signed as ``typ`` by one of ``keys``.

    Raises InvalidValue, whose rule names what is wrong: ``jws.size``, ``jws.form``, ``jws.algorithm``,
    ``jws.type``, ``jws.key`` or ``jws.signature``.
    """
    if len(compact) > max_bytes:
        raise InvalidValue("jws", "jws.size", f"must be at most {max_bytes} bytes")
    parts = compact.split(b".")
    if len(parts) != 3:
        raise InvalidValue("jws", "jws.form", "must be three parts joined by dots")
    try:
        header = _read_header(_decode(parts[0]))
        payload, signature = _decode(parts[1]), _decode(parts[2])
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise InvalidValue("jws", "jws.form", "cannot be read as header, payload and signature in base64url") from error
    if header.alg != "EdDSA":
        raise InvalidValue("jws.alg", "jws.algorithm", "must be EdDSA")
    if header.typ != typ:
        raise InvalidValue("jws.typ", "jws.type", f"must be {typ}")
    key = keys.get(header.kid)
    if key is None:
        raise InvalidValue("jws.kid", "jws.key", f"{header.kid!r} is not a known key")
    try:
        key.verify(signature, parts[0] + b"." + parts[1])
    except InvalidSignature as error:
        raise InvalidValue("jws", "jws.signature", "does not verify") from error
    return header.kid, payload
