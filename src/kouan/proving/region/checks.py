"""What must hold of a region once it is whole again: nothing lost, nothing counted twice, everything witnessed."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import msgspec

from kouan.adapters.memory.network import MemoryEdgeRecords
from kouan.ledger.merkle import root_of
from kouan.network.bulletins import MAX_AHEAD_US, BulletinKept, digest_of
from kouan.network.units import BatchTaken
from kouan.protocols.network.codec import WITNESSES
from kouan.protocols.network.messages import Bulletin, BulletinKind, Holds, PreAuthorised, Witnessed
from kouan.proving.region.lorries import Clone
from kouan.proving.region.nodes import HUB
from kouan.proving.region.world import REGION, SimulatedRegion
from kouan.vocabulary.clock import SECOND

WITNESSED_WITHIN_US = 40 * SECOND
"""How soon a whole region witnesses a head. Our choice, under the minute of I19: a port asks every ten seconds, and
sends the head that it has then; the next head is twenty seconds away."""


async def violations(region: SimulatedRegion, clones: Sequence[Clone]) -> list[str]:
    """Return what does not hold, as sentences; empty where all does."""
    found = [text async for text in _of_the_region(region, clones)]
    for port in region.ports:
        found += [f"{port}: {text}" async for text in _of_a_port(region, port)]
    return found


async def _of_a_port(region: SimulatedRegion, port: str) -> AsyncIterator[str]:
    own, copy = region.own(port), await region.copy_of(port)
    if own != copy:
        same = next((n for n, (one, other) in enumerate(zip(own, copy, strict=False)) if one != other), None)
        yield f"the hub holds {len(copy)} of {len(own)} entries, first difference at {same}"
    for text in _batches(region, port, len(own)):
        yield text
    async for text in _witnessed(region, port):
        yield text
    for text in (*_bulletins(region, port), *region.edges[port].went_back):
        yield text
    counted, flow = _closed(region, port), await _flow(region, port)
    if counted != flow:
        yield f"the ports' own ledger closes {dict(counted)}, the hub counts {dict(flow)}"
    row = region.hub.disk.tables.get("network_ports", port)
    if row is not None and row["suspended"] is not None:
        yield f"it is suspended: {row['suspended']}"


def _batches(region: SimulatedRegion, port: str, size: int) -> list[str]:
    """Check that the hub's own ledger takes each entry in exactly one batch."""
    end = 0
    for entry in region.hub.disk.ledger(HUB).entries:
        if entry.kind == "network.taken/1" and entry.stream == port:
            batch = msgspec.json.decode(entry.body, type=BatchTaken)
            if batch.first != end + 1:
                return [f"the hub's batches go from entry {end} to {batch.first}"]
            end = batch.last
    return [] if end == size else [f"the hub's batches end at entry {end} of {size}"]


async def _witnessed(region: SimulatedRegion, port: str) -> AsyncIterator[str]:
    """Check the hub's last word on this ledger against the ledger itself."""
    signed = await MemoryEdgeRecords(region.edges[port].disk, port).latest_witness()
    if signed is None:
        yield "no head was ever witnessed"
        return
    witnessed: Witnessed = WITNESSES.verify({region.identity.key_id: region.identity.key}, signed)
    file = region.edges[port].disk.ledger(port)
    if witnessed.root != root_of(file.hashes[: witnessed.size]).hex():
        yield f"the head witnessed at {witnessed.size} entries is not this ledger's"
    old = [head.size for head in file.heads if head.at <= region.clock.now() - WITNESSED_WITHIN_US]
    if old and witnessed.size < old[-1]:
        yield f"a head of {old[-1]} entries is old, and the last witnessed is of {witnessed.size}"


def _bulletins(region: SimulatedRegion, port: str) -> Iterator[str]:
    """Check that a port recorded and acts on nothing but what its hub issued to it, never going back (I13)."""
    genuine, versions = _issued(region, port), dict[str, int]()
    for entry in region.edges[port].disk.ledger(port).entries:
        if entry.kind != "network.bulletin/1":
            continue
        kept = msgspec.json.decode(entry.body, type=BulletinKept)
        if kept.version <= versions.get(kept.kind, 0):
            yield f"{kept.kind} went from version {versions[kept.kind]} to {kept.version}"
        versions[kept.kind] = kept.version
        if (kept.kind, kept.version) not in genuine:
            yield f"{kept.kind} of version {kept.version} was kept, which the hub never issued to it"
        if kept.issued_at > entry.at + MAX_AHEAD_US:
            yield f"{kept.kind} of version {kept.version} was issued after it was kept"
    if not versions:
        yield "no bulletin was ever recorded"
    for kind in BulletinKind:
        held = region.edges[port].edge.keeper.latest(kind)
        if held is not None:
            yield from _acted_on(held.bulletin, port, versions.get(kind, 0), genuine)


def _issued(region: SimulatedRegion, port: str) -> dict[tuple[str, int], str]:
    """Return the digests of all that the hub issued to a port, by kind and version, from the hub's own ledger."""
    entries = region.hub.disk.ledger(HUB).entries
    notes = [msgspec.json.decode(entry.body) for entry in entries if entry.kind == "network.issued/1"]
    issued = [one for note in notes for one in note["issued"] if one["port"] == port]
    return {(one["kind"], one["version"]): one["digest"] for one in issued}


def _acted_on(held: Bulletin, port: str, recorded: int, genuine: Mapping[tuple[str, int], str]) -> Iterator[str]:
    kind = held.kind
    if (held.region, held.port) != (REGION, port):
        yield f"it acts on {kind} for {held.port}"
    if held.version != recorded:
        yield f"it acts on {kind} of version {held.version}, and recorded {recorded} last"
    if genuine.get((kind, held.version)) != digest_of(held.items):
        yield f"it acts on {kind} of version {held.version}, of which the hub issued something else"
    if isinstance(held, PreAuthorised) and any(item.expires_at <= held.issued_at for item in held.items):
        yield "it holds a permit that had ended when it was issued"


def _closed(region: SimulatedRegion, port: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    directions: dict[str, str] = {}
    for entry in region.edges[port].disk.ledger(port).entries:
        if entry.kind == "gate.passage_opened/1":
            directions[entry.stream] = msgspec.json.decode(entry.body)["fact"]["direction"]
        elif entry.kind == "gate.closed/1":
            state = msgspec.json.decode(entry.body)["state"]
            counted[f"released_{directions[entry.stream]}" if state == "cleared" else state] += 1
    return Counter({name: count for name, count in counted.items() if name != "abandoned"})


async def _flow(region: SimulatedRegion, port: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for flow in await region.hub.records.flow(port, 0, 2**62):
        for name in ("released_in", "released_out", "diverted", "refused"):
            counted[name] += getattr(flow, name)
    return Counter({name: count for name, count in counted.items() if count})


async def _of_the_region(region: SimulatedRegion, clones: Sequence[Clone]) -> AsyncIterator[str]:
    """Check that every cloned plate raised an alarm and is held at every port, and that no other plate is."""
    alarms = await region.hub.records.alarms(1_000_000)
    found = {str(alarm.params["plate"]) for alarm in alarms if alarm.code == "region.impossible_travel"}
    wanted = {clone.plate for clone in clones}
    if found != wanted:
        yield f"cloned plates {sorted(wanted)}, alarms over {sorted(found)}"
    for port, edge in region.edges.items():
        kept = edge.edge.keeper.latest(BulletinKind.HOLDS)
        held = {item.plate for item in kept.bulletin.items} if kept and isinstance(kept.bulletin, Holds) else set()
        if held != wanted:
            yield f"{port} holds {sorted(map(str, held))} of the cloned plates {sorted(wanted)}"
