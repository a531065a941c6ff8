"""Token buckets: how often a client may ask (https://en.wikipedia.org/wiki/Token_bucket)."""

import math
from collections import OrderedDict

import msgspec

from kouan.vocabulary.clock import SECOND, Clock
from kouan.web.problems import ProblemError
from kouan.web.services import Rate

MAX_BUCKETS = 10_000
"""Clients remembered; the one that asked longest ago is forgotten first. Our choice: 1 MiB of memory."""


class _Bucket(msgspec.Struct):
    tokens: float
    at: int


class Buckets:
    """One bucket a client, all of one rate."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, client: str) -> None:
        """Take one token of a client's; raise ProblemError (429, with the seconds to wait) where there is none."""
        self.look(client).tokens -= 1

    def look(self, client: str) -> _Bucket:
        """Return a client's bucket with a token in it; raise ProblemError as ``take`` does."""
        bucket = self._filled(client, self._clock.monotonic())
        if bucket.tokens < 1:
            wait_s = math.ceil((1 - bucket.tokens) / self._rate.per_s)
            raise ProblemError(429, f"Ask again in {wait_s} s.", headers={"retry-after": str(wait_s)})
        return bucket

    def _filled(self, client: str, now: int) -> _Bucket:
        bucket = self._buckets.get(client)
        if bucket is None:
            bucket = self._buckets[client] = _Bucket(self._rate.burst, now)
            if len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(client)
        passed_s = max(now - bucket.at, 0) / SECOND
        bucket.tokens = min(self._rate.burst, bucket.tokens + passed_s * self._rate.per_s)
        bucket.at = now
        return bucket
