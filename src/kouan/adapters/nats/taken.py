"""How far the messages of the broker are recorded, so that a broker that forgot some of them is found out."""

from kouan.adapters.nats.messages import Taken
from kouan.ledger.roles import Ledger

LATEST = 500
"""Entries among which the furthest message is looked for. Our choice: in any second of a port's work, messages are
most of what is recorded, and what is older than the broker's last messages says nothing."""

MESSAGE = "m:"
"""What the key of an entry begins with that a message caused."""


async def furthest_taken(ledger: Ledger) -> str:
    """Return the key of the furthest message that the latest entries record; empty where there is none."""
    size = await ledger.size()
    entries = await ledger.read(after=max(0, size - LATEST), limit=LATEST)
    keys = (entry.key.removeprefix(MESSAGE) for entry in entries if entry.key.startswith(MESSAGE))
    found = [taken for taken in map(Taken.parse, keys) if taken is not None]
    latest = found[-1].stream if found else ""
    # The one stored last, and not the one with the highest number: after a loss numbers begin again below it.
    ours = [each for each in found if each.stream == latest]
    return max(ours, key=lambda each: (each.stored_ns, each.seq)).key if ours else ""
