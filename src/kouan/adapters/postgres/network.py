"""The network's records read from PostgreSQL; each method is the query of its name in ``queries/network.sql``."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from kouan.adapters.postgres.database import Database
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


class PostgresHubRecords:
    """The HubRecords and RegionRecords roles; the columns of each query are the fields of the struct, in order."""

    def __init__(
        self, database: Database, facts: Sequence[PortFacts], enrolled: Callable[[], Collection[str]], clock: Clock
    ) -> None:
        self._database = database
        self._facts = facts
        self._enrolled = enrolled
        self._clock = clock

    async def ports(self) -> Sequence[PortRecord]:
        """Return every port that was admitted, by name."""
        return [PortRecord(*row) for row in await self._all("network.ports")]

    async def entries(self, port: str, after: int = 0, limit: int = 1000) -> Sequence[bytes]:
        """Return the canonical bytes of a port's entries with a number above ``after``, in order."""
        return [row[0].encode() for row in await self._all("network.entries", port=port, after=after, limit=limit)]

    async def leaf(self, port: str, seq: int) -> bytes | None:
        """Return the leaf hash of one entry of a port's copy."""
        rows = await self._all("network.leaf", port=port, seq=seq)
        return bytes(rows[0][0]) if rows else None

    async def tile(self, port: str, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first ``width`` hashes of a tile of a port's copy."""
        start = index * TILE_WIDTH
        if level:
            rows = await self._all("network.tiles", port=port, level=level, start=start, end=start + width)
        else:
            rows = await self._all("network.leaves", port=port, start=start, end=start + width)
        return [bytes(row[0]) for row in rows]

    async def passages(self, port: str, names: Sequence[str]) -> Sequence[PassageChange]:
        """Return what is known of these passages of a port."""
        return [PassageChange(*row) for row in await self._all("network.passages", port=port, names=list(names))]

    async def presences(self, plates: Sequence[str], since: Instant, until: Instant) -> Sequence[Presence]:
        """Return where these plates stood at any time within the span."""
        rows = await self._all("network.presences", plates=list(plates), since=since, until=until)
        return [Presence(*row) for row in rows]

    async def sightings(self, since: Instant) -> Sequence[SightingItem]:
        """Return the passages with a plate that began at or after ``since``, oldest first."""
        rows = await self._all("network.sightings", since=since)
        return [
            SightingItem(plate=plate, port=port, lane=lane, at=at, direction=Direction(direction))
            for plate, port, lane, at, direction in rows
        ]

    async def find_alarm(self, number: str) -> RegionAlarm | None:
        """Return one alarm."""
        rows = await self._all("network.find_alarm", number=number)
        return _alarm(rows[0]) if rows else None

    async def holds(self) -> Sequence[RegionHold]:
        """Return the holds in force, oldest first."""
        return [RegionHold(*row) for row in await self._all("network.holds")]

    async def watched(self) -> Sequence[Watched]:
        """Return what is watched for, oldest first."""
        return [Watched(*row) for row in await self._all("network.watched")]

    async def preauthorised(self, now: Instant) -> Sequence[PreAuthorisedRecord]:
        """Return the pre-authorised vehicles whose time has not passed, by plate."""
        return [PreAuthorisedRecord(*row) for row in await self._all("network.preauthorised", now=now)]

    async def rulebooks(self) -> Sequence[PublishedRulebook]:
        """Return every published rulebook, by name and when it takes effect."""
        return [PublishedRulebook(*row) for row in await self._all("network.rulebooks")]

    async def issued(self) -> Mapping[tuple[str, BulletinKind], Issued]:
        """Return what was issued last, by port and kind."""
        rows = await self._all("network.issued")
        return {(row[0], BulletinKind(row[1])): Issued(row[0], BulletinKind(row[1]), row[2], row[3]) for row in rows}

    async def hear(self, port: str, size: int, at: Instant) -> None:
        """Note that a port was heard, and how many entries it has."""
        await self._database.change("network.hear", {"port": port, "size": size, "at": at})

    async def standings(self) -> Sequence[PortStanding]:
        """Return how every port of the region stands, in the order of the region's file."""
        now = self._clock.now()
        rows = await self._all("network.traffic", hour_ago=now - HOUR_US, day_ago=now - DAY_US)
        traffic = [Traffic(*row) for row in rows]
        alarms = await self.alarms(SHOWN_ALARMS)
        return standings(self._facts, self._enrolled(), await self.ports(), traffic, alarms)

    async def alarms(self, limit: int = 100) -> Sequence[RegionAlarm]:
        """Return the latest alarms, those that nobody acknowledged first, newest first."""
        return [_alarm(row) for row in await self._all("network.alarms", limit=limit)]

    async def flow(self, port: str | None, since: Instant, until: Instant) -> Sequence[Flow]:
        """Return the traffic of one port, or of each, by hour from ``since`` to before ``until``, oldest first."""
        rows = await self._all("network.flow", only=port, since=since, until=until)
        return [Flow(*row) for row in rows]

    async def _all(self, name: str, **params: Any) -> Sequence[tuple[Any, ...]]:
        return await self._database.fetch_all(name, params)


def _alarm(row: tuple[Any, ...]) -> RegionAlarm:
    number, port, at, priority, code, params, acknowledged_by = row
    return RegionAlarm(number, port, at, priority, code, msgspec.json.decode(params), acknowledged_by)


class PostgresEdgeRecords:
    """The EdgeRecords role for one port."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def bulletins(self) -> Sequence[KeptBulletin]:
        """Return the bulletin of each kind that is kept."""
        rows = await self._database.fetch_all("network.bulletins", {"port": self._port})
        return [KeptBulletin(BulletinKind(row[0]), row[1], row[2], row[3], bytes(row[4])) for row in rows]

    async def refresh(self, kept: KeptBulletin) -> None:
        """Note that the hub issued the version that is kept once more."""
        await self._database.change("network.refresh_bulletin", {"port": self._port, **msgspec.structs.asdict(kept)})

    async def add_witness(self, size: int, at: Instant, signed: bytes) -> None:
        """Keep the hub's word on a head of this port's ledger."""
        params = {"port": self._port, "size": size, "at": at, "signed": signed}
        await self._database.change("network.add_witness", params)

    async def latest_witness(self) -> bytes | None:
        """Return the hub's word on the largest head, signed, None where there is none."""
        row = await self._database.fetch_one("network.latest_witness", {"port": self._port})
        return None if row is None else bytes(row[0])
