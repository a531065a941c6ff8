"""The network's records in memory."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from statistics import median_low
from typing import Any

import msgspec

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.tables import Row
from kouan.ledger.merkle import TILE_WIDTH
from kouan.network.bulletins import Issued, PublishedRulebook
from kouan.network.reading import PassageChange
from kouan.network.records import (
    KeptBulletin,
    PortRecord,
    PreAuthorisedRecord,
    RegionHold,
    Watched,
)
from kouan.network.region import DAY_US, HOUR_US, SHOWN_ALARMS, Traffic, standings
from kouan.network.travel import Presence
from kouan.network.views import Flow, PortFacts, PortStanding, RegionAlarm
from kouan.protocols.network.messages import BulletinKind, SightingItem
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.places import Direction


class MemoryHubRecords:
    """The HubRecords and RegionRecords roles on a MemoryDisk."""

    def __init__(
        self, disk: MemoryDisk, facts: Sequence[PortFacts], enrolled: Callable[[], Collection[str]], clock: Clock
    ) -> None:
        self._disk = disk
        self._facts = facts
        self._enrolled = enrolled
        self._clock = clock

    async def ports(self) -> Sequence[PortRecord]:
        """Return every port that was admitted, by name."""
        return sorted((PortRecord(**row) for row in self._rows("network_ports")), key=lambda record: record.port)

    async def entries(self, port: str, after: int = 0, limit: int = 1000) -> Sequence[bytes]:
        """Return the canonical bytes of a port's entries with a number above ``after``, in order."""
        return [row["entry"] for row in self._entries(port, after, after + limit)]

    async def leaf(self, port: str, seq: int) -> bytes | None:
        """Return the leaf hash of one entry of a port's copy."""
        row = self._disk.tables.get("network_entries", port, seq)
        return None if row is None else bytes(row["leaf"])

    async def tile(self, port: str, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first ``width`` hashes of a tile of a port's copy."""
        start = index * TILE_WIDTH
        if not level:
            return [row["leaf"] for row in self._entries(port, start, start + width)]
        tiles = (self._disk.tables.get("network_tiles", port, level, place) for place in range(start, start + width))
        return [row["root"] for row in tiles if row is not None]

    def _entries(self, port: str, start: int, end: int) -> Iterator[Row]:
        for seq in range(start + 1, end + 1):
            row = self._disk.tables.get("network_entries", port, seq)
            if row is None:
                return
            yield row

    async def passages(self, port: str, names: Sequence[str]) -> Sequence[PassageChange]:
        """Return what is known of these passages of a port."""
        rows = [self._disk.tables.get("network_passages", port, name) for name in names]
        return [PassageChange(*[row[name] for name in PassageChange.__struct_fields__]) for row in rows if row]

    async def presences(self, plates: Sequence[str], since: Instant, until: Instant) -> Sequence[Presence]:
        """Return where these plates stood at any time within the span."""
        found: list[Presence] = []
        for plate in dict.fromkeys(plates):
            for row in self._indexed("plate", plate):
                port = self._disk.tables.get("network_ports", row["port"])
                end = row["closed_at"] or (port and port["entry_at"]) or row["opened_at"]
                seen = Presence(
                    plate, row["port"], row["lane"], row["direction"], row["passage"], row["opened_at"],
                    max(row["opened_at"], end),
                )  # fmt: skip
                if row["plate"] == plate and seen.since <= until and seen.until >= since:
                    found.append(seen)
        return sorted(found, key=lambda seen: (seen.since, seen.port, seen.passage))

    async def sightings(self, since: Instant) -> Sequence[SightingItem]:
        """Return the passages with a plate that began at or after ``since``, oldest first."""
        latest = max((row["entry_at"] or 0 for row in self._rows("network_ports")), default=0)
        hours = range(since // HOUR_US, latest // HOUR_US + 1)
        seen = [row for hour in hours for row in self._indexed("hour", hour) if row["opened_at"] >= since]
        seen.sort(key=lambda row: (row["opened_at"], row["port"], row["passage"]))
        return [
            SightingItem(
                plate=row["plate"],
                port=row["port"],
                lane=row["lane"],
                at=row["opened_at"],
                direction=Direction(row["direction"]),
            )
            for row in seen
        ]

    async def find_alarm(self, number: str) -> RegionAlarm | None:
        """Return one alarm."""
        row = self._disk.tables.get("network_alarms", number)
        return None if row is None else _alarm(row)

    async def holds(self) -> Sequence[RegionHold]:
        """Return the holds in force, oldest first."""
        found = [hold for hold in self._structs("network_holds", RegionHold) if hold.lifted_at is None]
        return sorted(found, key=lambda hold: (hold.placed_at, hold.number))

    async def watched(self) -> Sequence[Watched]:
        """Return what is watched for, oldest first."""
        return sorted(self._structs("network_watched", Watched), key=lambda one: (one.added_at, one.number))

    async def preauthorised(self, now: Instant) -> Sequence[PreAuthorisedRecord]:
        """Return the pre-authorised vehicles whose time has not passed, by plate."""
        found = [one for one in self._structs("network_preauthorised", PreAuthorisedRecord) if one.expires_at > now]
        return sorted(found, key=lambda one: one.plate)

    async def rulebooks(self) -> Sequence[PublishedRulebook]:
        """Return every published rulebook, by name and when it takes effect."""
        found = self._structs("network_rulebooks", PublishedRulebook)
        return sorted(found, key=lambda one: (one.name, one.effective_from, one.version))

    async def issued(self) -> Mapping[tuple[str, BulletinKind], Issued]:
        """Return what was issued last, by port and kind."""
        found = sorted(
            (row["port"], row["kind"], row["version"], row["digest"]) for row in self._rows("network_issued")
        )
        return {(row[0], BulletinKind(row[1])): Issued(row[0], BulletinKind(row[1]), row[2], row[3]) for row in found}

    async def hear(self, port: str, size: int, at: Instant) -> None:
        """Note that a port was heard, and how many entries it has."""
        tables = self._disk.tables
        row = tables.get("network_ports", port)
        if row is not None:
            tables.put("network_ports", {**row, "heard_at": at, "size": size}, port)
            tables.settle()

    async def standings(self) -> Sequence[PortStanding]:
        """Return how every port of the region stands, in the order of the region's file."""
        alarms = await self.alarms(SHOWN_ALARMS)
        return standings(self._facts, self._enrolled(), await self.ports(), self._traffic(), alarms)

    def _traffic(self) -> Sequence[Traffic]:
        now = self._clock.now()
        ports: dict[str, list[Row]] = {}
        for row in self._rows("network_passages"):
            if row["closed_at"] is None or row["closed_at"] > now - DAY_US:
                ports.setdefault(row["port"], []).append(row)
        return [_counted(port, rows, now) for port, rows in sorted(ports.items())]

    async def alarms(self, limit: int = 100) -> Sequence[RegionAlarm]:
        """Return the latest alarms, those that nobody acknowledged first, newest first."""
        found = [_alarm(row) for row in self._rows("network_alarms")]
        return sorted(found, key=lambda one: (one.acknowledged_by is not None, -one.at, one.number))[:limit]

    async def flow(self, port: str | None, since: Instant, until: Instant) -> Sequence[Flow]:
        """Return the traffic of one port, or of each, by hour from ``since`` to before ``until``, oldest first."""
        found = [one for one in self._structs("network_flow", Flow) if port in (None, one.port)]
        return sorted((one for one in found if since <= one.hour < until), key=lambda one: (one.hour, one.port))

    def _rows(self, table: str) -> Iterator[Row]:
        return self._disk.tables.rows(table)

    def _structs(self, table: str, form: type[Any]) -> list[Any]:
        return [form(*[row[name] for name in form.__struct_fields__]) for row in self._rows(table)]

    def _indexed(self, index: str, place: Any) -> Iterator[Row]:
        noted = self._disk.tables.get("network_index", index, place) or {"keys": {}}
        for key in noted["keys"]:
            row = self._disk.tables.get("network_passages", *key)
            if row is not None:
                yield row


def _counted(port: str, rows: Sequence[Row], now: Instant) -> Traffic:
    still = [row for row in rows if row["closed_at"] is None]
    released = [row for row in rows if row["state"] == "cleared"]
    lately = [row for row in released if row["closed_at"] > now - HOUR_US]
    stops = [row["stop_us"] for row in lately if row["stop_us"] is not None]
    return Traffic(
        port=port,
        open_passages=len(still),
        held=sum(1 for row in still if row["held"]),
        hour_in=sum(1 for row in lately if row["direction"] == "in"),
        hour_out=sum(1 for row in lately if row["direction"] == "out"),
        day_in=sum(1 for row in released if row["direction"] == "in"),
        day_out=sum(1 for row in released if row["direction"] == "out"),
        median_stop_us=median_low(stops) if stops else None,
    )


def _alarm(row: Row) -> RegionAlarm:
    return RegionAlarm(
        row["number"], row["port"], row["at"], row["priority"], row["code"], msgspec.json.decode(row["params"]),
        row["acknowledged_by"],
    )  # fmt: skip


class MemoryEdgeRecords:
    """The EdgeRecords role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._disk = disk
        self._port = port

    async def bulletins(self) -> Sequence[KeptBulletin]:
        """Return the bulletin of each kind that is kept."""
        rows = [row for row in self._disk.tables.rows("network_bulletins") if row["port"] == self._port]
        rows.sort(key=lambda row: str(row["kind"]))
        return [
            KeptBulletin(BulletinKind(row["kind"]), row["version"], row["issued_at"], row["received_at"], row["signed"])
            for row in rows
        ]

    async def refresh(self, kept: KeptBulletin) -> None:
        """Note that the hub issued the version that is kept once more."""
        tables = self._disk.tables
        row = tables.get("network_bulletins", self._port, kept.kind)
        if row is not None and row["version"] == kept.version and row["issued_at"] < kept.issued_at:
            tables.put("network_bulletins", {**row, **msgspec.structs.asdict(kept)}, self._port, kept.kind)
            tables.settle()

    async def add_witness(self, size: int, at: Instant, signed: bytes) -> None:
        """Keep the hub's word on a head of this port's ledger."""
        tables = self._disk.tables
        if tables.get("network_witnesses", self._port, size) is None:
            tables.put(
                "network_witnesses", {"port": self._port, "size": size, "at": at, "signed": signed}, self._port, size
            )
            tables.settle()

    async def latest_witness(self) -> bytes | None:
        """Return the hub's word on the largest head, signed, None where there is none."""
        rows = [row for row in self._disk.tables.rows("network_witnesses") if row["port"] == self._port]
        return max(rows, key=lambda row: int(row["size"]))["signed"] if rows else None
