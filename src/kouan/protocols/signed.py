"""Signed messages of one type: JSON in a JSON Web Signature, and who must have signed it."""

import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.protocols import jws
from kouan.protocols.json_codec import JsonCodec
from kouan.vocabulary.errors import InvalidValue

MessageT = TypeVar("MessageT")

_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def platform_key(port: str) -> str:
    """Return the key id under which a port's platform signs orders, holds and answers to polls."""
    return f"platform:{port}"


def lane_controller_key(port: str) -> str:
    """Return the key id under which a port's lane controller signs its reports."""
    return f"lane-controller:{port}"


def agency_key(authority: str, port: str) -> str:
    """Return the key id under which an authority signs verdicts for one port."""
    return f"agency:{authority}:{port}"


class Unverified(msgspec.Struct, frozen=True):
    """A signed message as it came, its signature not yet checked: nothing in it may be believed."""

    compact: bytes


class UnverifiedCodec:
    """Passes on what looks like a signed message; only ``SignedCodec.verify`` makes a message of it."""

    message_type = Unverified

    def __init__(self, max_bytes: int = jws.MAX_BYTES) -> None:
        self.max_bytes = max_bytes

    def encode(self, message: Unverified) -> bytes:
        """Return the compact form as it is; raise InvalidValue if it cannot be one."""
        return self.decode(message.compact).compact

    def decode(self, payload: bytes) -> Unverified:
        """Return the bytes, unbelieved; raise InvalidValue if they cannot be a compact form at all."""
        if len(payload) > self.max_bytes:
            raise InvalidValue("jws", "jws.size", f"must be at most {self.max_bytes} bytes, not {len(payload)}")
        if not _COMPACT.fullmatch(payload):
            raise InvalidValue("jws", "jws.form", "must be three base64url parts joined by dots")
        return Unverified(bytes(payload))


class SignedCodec(Generic[MessageT]):
    """Signs and verifies messages of one type.

    ``typ`` stands in the signature's header; ``issuer`` says from the message which key must have signed it, so that
    a good signature of somebody else is no use. ``max_bytes`` bounds the compact form.
    """

    def __init__(
        self, typ: str, json: JsonCodec[MessageT], issuer: Callable[[MessageT], str], max_bytes: int = jws.MAX_BYTES
    ) -> None:
        self.typ = typ
        self.json = json
        self.max_bytes = max_bytes
        self._issuer = issuer

    def sign(self, signer: jws.Signer, message: MessageT) -> bytes:
        """Return the signed compact form; raise InvalidValue if this signer is not the message's issuer."""
        self._check_issuer(signer.key_id, message)
        return jws.sign(signer, self.typ, self.json.encode(message), self.max_bytes)

    def verify(self, keys: Mapping[str, Ed25519PublicKey], compact: bytes) -> MessageT:
        """Return the message; raise InvalidValue unless its own issuer signed it as a message of this type."""
        key_id, payload = jws.verify(keys, self.typ, compact, self.max_bytes)
        message = self.json.decode(payload)
        self._check_issuer(key_id, message)
        return message

    def _check_issuer(self, key_id: str, message: MessageT) -> None:
        issuer = self._issuer(message)
        if key_id != issuer:
            raise InvalidValue("jws.kid", "jws.issuer", f"must be {issuer}, not {key_id}")
