"""Hashes of passwords by Argon2id (RFC 9106), computed beside the loop, a few at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from kouan.vocabulary.errors import Unavailable

AT_ONCE = 2
"""Hashes computed at the same time: each takes a core for about 50 ms and 64 MiB. Our choice, for two cores."""

WAITING = 32
"""Hashes that may wait for their turn. Our choice: about a second's worth; more is somebody guessing."""

LONGEST = 1024
"""Longest password in characters. Our choice: a passphrase is shorter."""


class Argon2Hasher:
    """The PasswordHasher role: Argon2id with the parameters of RFC 9106, section 4, second recommendation."""

    def __init__(self, hasher: Argon2 | None = None) -> None:
        """``hasher`` may bring weaker parameters, for tests."""
        self._hasher = hasher or Argon2.from_parameters(RFC_9106_LOW_MEMORY)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asked = 0

    async def hash(self, password: str) -> str:
        """Return an encoded hash; raise Unavailable where too many are asked for at once."""
        async with self._turn():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, encoded: str, password: str) -> bool:
        """Say whether the password is the one that was hashed; raise Unavailable as ``hash`` does."""
        if len(password) > LONGEST:
            return False
        async with self._turn():
            return await asyncio.to_thread(self._matches, encoded, password)

    def _matches(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._asked >= AT_ONCE + WAITING:
            raise Unavailable("too many passwords are being checked; try again in a second")
        self._asked += 1
        try:
            async with self._turns:
                yield
        finally:
            self._asked -= 1
