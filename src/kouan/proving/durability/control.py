"""Controls: the same port on a disk whose syncs are lies. It must lose what it acknowledged, or the experiment is void.

The disk goes back to what was synced last, as a disk does that answered from its cache. Each engine lies by itself, so
that each one's own syncs are shown to be what holds its facts.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from kouan.ledger.entries import Entry
from kouan.proving.durability.edge import PORT, Edge
from kouan.proving.durability.file_data import ALL_LOST
from kouan.proving.durability.mounted_disk import MountedDisk
from kouan.proving.running_port import wait_until
from kouan.vocabulary.errors import Corrupt, Unavailable
from kouan.wiring.offline import opened

LIES: Mapping[str, tuple[str, ...]] = {
    "everything": ("postgres", "nats", "lane-controller"),
    "postgres": ("postgres",),
    "nats": ("nats",),
    "lane-controller": ("lane-controller",),
}
"""The controls, and the topmost folders of the data in which syncs are lies."""

FACTS_WITHIN_S = 60.0
ACTUATIONS = 2
MESSAGES = 20


class Control(msgspec.Struct, frozen=True):
    """What a port lost on a disk that lies: acknowledged facts by sort; ``came_back`` says whether it opened again."""

    name: str
    entries: int
    papers: int
    messages: int
    nonces: int
    came_back: bool

    @property
    def lost(self) -> int:
        """How many acknowledged facts were lost."""
        return self.entries + self.papers + self.messages + self.nonces


def run_control(name: str, work: Path, speed: float, seed: int, tell: Callable[[str], None]) -> Control:
    """Run one control on a disk of its own; return what was lost."""
    work.mkdir(parents=True, exist_ok=True)
    with MountedDisk(work / "disk") as disk, Edge(work, disk, speed=speed, seed=seed) as edge:
        edge.begin()
        edge.port.kill_everything()
        edge.note()
        disk.sync()
        disk.lie(LIES[name])
        edge.check_barriers()
        edge.start()
        tell(f"control {name}: syncs are lies")
        _live(edge)
        edge.stall()
        _messages_only(edge)
        edge.cut(seed, ALL_LOST)
        return _lost(name, edge)


def _live(edge: Edge) -> None:
    """Wait until facts of every sort were acknowledged on the lying disk."""
    before, papers = len(edge.port.actuations()), len(edge.witness.papers)
    edge.port.wait_until(
        lambda: len(edge.port.actuations()) >= before + ACTUATIONS and len(edge.witness.papers) > papers,
        "arms move and papers are taken",
        FACTS_WITHIN_S,
    )


def _messages_only(edge: Edge) -> None:
    """Wait until the broker acknowledged messages that a stopped platform cannot have recorded."""
    before = len(edge.device.acknowledged)
    wait_until(lambda: len(edge.device.acknowledged) >= before + MESSAGES, "the broker takes messages", FACTS_WITHIN_S)


def _lost(name: str, edge: Edge) -> Control:
    """Count what is lost: by the port's API, or in its database where the port found out and does not open."""
    barriers = edge.check_barriers()
    came_back = True
    try:
        edge.start()
        lost, _ = edge.check_all()
    except Unavailable:
        came_back = False
        edge.port.kill_everything()
        lost = edge.acknowledged.compare_all(asyncio.run(_entries(edge.disk.place)))
    return Control(
        name, len(lost.entries), len(lost.papers), len(lost.messages), len(barriers.nonces), came_back=came_back
    )


async def _entries(data: Path) -> list[dict[str, Any]]:
    """Return what is left of the ledger, as the API would give it; nothing where the database does not start."""
    try:
        async with opened(data, PORT) as store:
            return [_served(entry) for entry in await store.ledger.read(limit=await store.ledger.size())]
    except (Unavailable, Corrupt):
        return []


def _served(entry: Entry) -> dict[str, Any]:
    encoded = entry.encode()
    fields = json.loads(encoded)
    return {**fields, "hash": entry.hash, "encoded": base64.b64encode(encoded).decode("ascii")}
