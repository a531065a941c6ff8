"""Replays a passage from a ledger, under the policy that it was decided by."""

import msgspec

from kouan.gate.events import PassageOpened
from kouan.gate.policy import LanePolicy
from kouan.gate.replay import Replay, read_policy, replay
from kouan.ledger.roles import Ledger
from kouan.vocabulary.errors import Corrupt, NotFound


async def policy_by(ledger: Ledger, digest: str) -> LanePolicy:
    """Return the policy that stands in the ledger under its digest; raise Corrupt where there is none."""
    for entry in await ledger.read(stream=digest, limit=1):
        return read_policy(bytes(entry.body), digest)
    raise Corrupt(f"the policy {digest} is not in the ledger")


async def replay_of(ledger: Ledger, passage: str) -> Replay:
    """Return a passage replayed from its entries; raise NotFound or Corrupt."""
    entries = await ledger.read(stream=passage, limit=10_000)
    if not entries:
        raise NotFound(f"no passage {passage}")
    opened = msgspec.json.decode(entries[0].body, type=PassageOpened)
    return replay(entries, await policy_by(ledger, opened.policy))
