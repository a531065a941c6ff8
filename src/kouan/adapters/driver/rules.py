"""Which rulebook a passage begins under: the port's own, or the hub's from the instant that it names."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from kouan.gate.offline import CHECK, with_offline_rule
from kouan.gate.policy import LanePolicy
from kouan.gate.rulebook import Rulebook
from kouan.vocabulary.clock import Instant

OWN = "port file"
"""Origin of the rulebook that the port's file names."""


class Dated(msgspec.Struct, frozen=True):
    """A policy, from when on passages begin under it, and where its rulebook comes from."""

    policy: LanePolicy
    since: Instant
    origin: str


class Rules:
    """The policies of a port: its own, and those that the hub sent, by the instant from which they hold."""

    def __init__(self, own: LanePolicy) -> None:
        self._own = Dated(own, 0, OWN)
        self.coming: tuple[Dated, ...] = ()

    @property
    def name(self) -> str:
        """The name of the port's rulebook: the hub's versions of it are taken, and no others."""
        return self._own.policy.rulebook.id

    def in_force(self, at: Instant) -> Dated:
        """Return what a passage that begins at an instant begins under."""
        begun = [dated for dated in self.coming if dated.since <= at]
        return max(begun, key=_order, default=self._own)

    def dated(self, book: Rulebook, since: Instant, origin: str) -> Dated:
        """Return the port's policy with another rulebook, which gets the port's offline rule if it has none."""
        own = self._own.policy
        offline = [entry for entry in own.rulebook.rules if entry.check == CHECK]
        guarded = with_offline_rule(book, offline[0], since) if offline else book
        return Dated(replace(own, rulebook=guarded), since, origin)

    def take(self, coming: Sequence[Dated]) -> None:
        """Let these be what the hub sent; their policies must be recorded by now."""
        self.coming = tuple(coming)

    def view(self, at: Instant) -> dict[str, Any]:
        """Return which rulebook is in force, from where and since when, and which one is next, for screens."""
        later = [dated for dated in self.coming if dated.since > at]
        following = min(later, key=_order, default=None)
        return {**_view(self.in_force(at)), "next": None if following is None else _view(following)}


def _order(dated: Dated) -> tuple[Instant, int]:
    return dated.since, dated.policy.rulebook.version


def _view(dated: Dated) -> dict[str, Any]:
    book = dated.policy.rulebook
    since = dated.since if dated.since > 0 else None
    return {"id": book.id, "version": book.version, "digest": book.digest, "origin": dated.origin, "since": since}
