"""Messages that cannot be read: kept with their raw bytes, bounded, sealed, counted."""

from collections.abc import Callable

from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Ledger, Personal, Unit
from kouan.protocols.link import Received
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue, KouanError

KEPT_BYTES = 4096
"""How much of a message is kept. Our choice: longer than any valid message of a device."""

DAY_US = 86_400 * SECOND


class Unparsed:
    """Records what could not be read. Raw bytes may hold personal data, so the entry only commits to them."""

    def __init__(self, port: str, ledger: Ledger, chance: Callable[[int], bytes]) -> None:
        self._port = port
        self._ledger = ledger
        self._chance = chance

    async def keep(self, received: Received, error: InvalidValue, now: Instant) -> KouanError | None:
        """Record one message durably; return the error if that failed. Its bytes can be forgotten by topic and day."""
        subject = f"raw:{self._port}:{now // DAY_US}"
        raw = Personal(subject, self._chance(16), received.payload[:KEPT_BYTES])
        body = {
            "at": now,
            "topic": _safe(received.topic),
            "field": error.field[:200],
            "rule": error.rule[:200],
            "bytes": len(received.payload),
            "raw": raw.commitment,
        }
        draft = Draft("gate.unparsed/1", _safe(received.topic), f"m:{received.key}", canonical(body), (raw,))
        try:
            await self._ledger.append(Unit((draft,)))
        except KouanError as failure:
            return failure
        return None


def _safe(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()[:300] or "-"
