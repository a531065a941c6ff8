"""Signs the ledger's head again and again, so that whoever keeps one can prove what stood then."""

import asyncio
import logging
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kouan.adapters.appending.chain import Standing
from kouan.ledger.heads import SignedHead, sign_head
from kouan.ledger.heads import Signer as HeadKey
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import Unavailable

_log = logging.getLogger(__name__)

EVERY_S = 20.0
"""Seconds between two signed heads. Our choice: three tries within the minute that invariant I19 allows."""

AGAIN_S = 2.0
"""Seconds after which a head is signed again that could not be kept. Our choice: the minute must not run out."""


class PublicSigner(HeadKey, Protocol):
    """A signer whose public key is known."""

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The key with which others check the signatures."""
        ...


class Standings(Protocol):
    """Knows where the ledger stands after the last commit."""

    @property
    def standing(self) -> Standing | None:
        """Where the ledger stands; None while that is unknown."""
        ...


class HeadSigner:
    """Signs the head of one port's ledger every ``EVERY_S``, whether anything was added or not."""

    def __init__(self, ledger: Ledger, standings: Standings, signer: PublicSigner, port: str, clock: Clock) -> None:
        self._ledger = ledger
        self._standings = standings
        self._signer = signer
        self._port = port
        self._clock = clock

    @property
    def key_id(self) -> str:
        """The name of the key that signs."""
        return self._signer.key_id

    @property
    def public_key_bytes(self) -> bytes:
        """The raw Ed25519 public key, 32 bytes."""
        return self._signer.public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)

    async def sign(self) -> SignedHead | None:
        """Sign and keep a head of what is committed now; None where the ledger's standing is unknown just now."""
        standing = self._standings.standing
        if standing is None:
            return None
        head = sign_head(
            self._signer,
            port=self._port,
            size=standing.sequence,
            root=standing.frontier.root(),
            last=standing.last,
            at=self._clock.now(),
            epoch=standing.epoch,
        )
        await self._ledger.add_head(head)
        return head

    async def run(self) -> None:
        """Sign for ever; what cannot be kept now is signed again soon."""
        while True:
            signed = None
            try:
                signed = await self.sign()
            except Unavailable as error:
                _log.warning("the ledger's head was not kept: %s", error)
            await asyncio.sleep(AGAIN_S if signed is None else EVERY_S)
