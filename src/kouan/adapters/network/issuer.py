"""The hub tells its ports what is in force: whole signed lists, at once when they change and again and again."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

from kouan.adapters.network.port_copy import Hub
from kouan.network import units
from kouan.network.bulletins import REISSUE_US, Issued, Spread, bulletin, newest, next_issued, rulebooks_in_force
from kouan.protocols.link import Link
from kouan.protocols.network.codec import BULLETINS
from kouan.protocols.network.messages import (
    BulletinKind,
    HoldItem,
    PreAuthorisedItem,
    RulebookItem,
    SightingItem,
    Wanted,
    WatchItem,
)
from kouan.protocols.topics import HubTopic
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue, Unavailable

_log = logging.getLogger(__name__)

AGAIN_S = 2.0
"""Pause after something could not be issued. Our choice."""

_Place = tuple[str, BulletinKind]

Enrolled = Callable[[], Collection[str]]
"""Returns the ports that are enrolled now."""


class BulletinIssuer:
    """Issues all kinds of bulletins to all enrolled ports."""

    def __init__(self, hub: Hub, link: Link, enrolled: Enrolled) -> None:
        self._hub = hub
        self._link = link
        self._enrolled = enrolled
        self._issued: dict[_Place, Issued] = {}
        self._sent_at: dict[_Place, int] = {}
        self._held: dict[str, tuple[Wanted, Instant]] = {}
        self._sleeping: asyncio.Future[None] | None = None
        self._awake = False

    def wake(self) -> None:
        """Look at once whether a list changed."""
        self._awake = True
        self._rouse()

    def _rouse(self) -> None:
        if self._sleeping is not None and not self._sleeping.done():
            self._sleeping.set_result(None)

    def asked(self, wanted: Wanted) -> None:
        """Note what a port holds, and send it at once what it lacks."""
        self._held[wanted.port] = (wanted, self._hub.clock.now())
        lacking = False
        for (port, kind), issued in self._issued.items():
            if port == wanted.port and wanted.bulletins.get(kind, 0) < issued.version:
                self._sent_at.pop((port, kind), None)
                lacking = True
        if lacking or not any(port == wanted.port for port, _ in self._issued):
            self.wake()

    def spread(self) -> Sequence[Spread]:
        """Return how far each kind has come at each enrolled port, by port and kind."""
        enrolled = set(self._enrolled())
        places = sorted(place for place in self._issued if place[0] in enrolled)
        return [self._spread(self._issued[place]) for place in places]

    def _spread(self, issued: Issued) -> Spread:
        if issued.port not in self._held:
            return Spread(issued.port, issued.kind, issued.version)
        wanted, heard_at = self._held[issued.port]
        return Spread(issued.port, issued.kind, issued.version, wanted.bulletins.get(issued.kind, 0), heard_at)

    async def run(self) -> None:
        """Issue for ever."""
        self._issued = dict(await self._hub.records.issued())
        while True:
            pause_s = REISSUE_US / SECOND
            self._awake = False
            try:
                await self._issue()
            except Unavailable as error:
                _log.warning("bulletins were not issued: %s", error)
                pause_s = AGAIN_S
            await self._sleep(pause_s)

    async def _issue(self) -> None:
        """Record what changed, then send that and whatever was sent too long ago."""
        now = self._hub.clock.now()
        lists = await self._lists(now)
        current = {place: next_issued(self._issued.get(place), *place, items) for place, items in lists.items()}
        changed = [issued for place, issued in current.items() if issued != self._issued.get(place)]
        if changed:
            await self._hub.ledger.append(units.issuing(changed, now))
            for issued in changed:
                self._issued[issued.port, issued.kind] = issued
                self._sent_at.pop((issued.port, issued.kind), None)
        for place, issued in current.items():
            await self._send(issued, lists[place])

    async def _lists(self, now: Instant) -> dict[_Place, Sequence[Any]]:
        """Return what is in force now, for each port and kind."""
        records = self._hub.records
        shared: dict[BulletinKind, Sequence[Any]] = {
            BulletinKind.HOLDS: [_item(HoldItem, one) for one in await records.holds()],
            BulletinKind.WATCH_LIST: [_item(WatchItem, one) for one in await records.watched()],
            BulletinKind.PRE_AUTHORISED: [_item(PreAuthorisedItem, one) for one in await records.preauthorised(now)],
            BulletinKind.RULEBOOK: [
                _item(RulebookItem, one) for one in rulebooks_in_force(await records.rulebooks(), now)
            ],
        }
        seen = await records.sightings(now - self._hub.distances.longest_us())
        lists: dict[_Place, Sequence[Any]] = {}
        for port in sorted(self._enrolled()):
            lists |= {(port, kind): items for kind, items in shared.items()}
            lists[port, BulletinKind.SIGHTINGS] = self._elsewhere(seen, port, now)
        return lists

    def _elsewhere(self, seen: Sequence[SightingItem], port: str, now: Instant) -> Sequence[SightingItem]:
        """Return the sightings at other ports that a vehicle at this one would contradict now."""
        least_us = self._hub.distances.least_us
        since = {other: now - least_us(other, port) for other in {one.port for one in seen} if other != port}
        return newest([one for one in seen if one.port in since and one.at > since[one.port]])

    async def _send(self, issued: Issued, items: Sequence[Any]) -> None:
        place = (issued.port, issued.kind)
        monotonic = self._hub.clock.monotonic()
        if monotonic - self._sent_at.get(place, -REISSUE_US) < REISSUE_US // 2:
            return  # a pass that somebody asked for, soon after the last one
        made = bulletin(self._hub.region, issued, items, self._hub.clock.now())
        try:
            await self._link.send(str(HubTopic(issued.port, "bulletin")), BULLETINS.sign(self._hub.signer, made))
        except InvalidValue as error:
            _log.error("the bulletin %s for %s cannot be issued: %s", issued.kind, issued.port, error)
            return
        except Unavailable as error:
            _log.info("%s was not told: %s", issued.port, error)
            return
        self._sent_at[place] = monotonic

    async def _sleep(self, seconds: float) -> None:
        if self._awake:
            return
        loop = asyncio.get_running_loop()
        sleeping = self._sleeping = loop.create_future()
        timer = loop.call_later(seconds, self._rouse)
        try:
            await sleeping
        finally:
            timer.cancel()
            self._sleeping = None


def _item(form: type[Any], record: msgspec.Struct) -> Any:
    """Return an item of a bulletin, made of the fields that a record shares with it."""
    return form(**{name: getattr(record, name) for name in form.__struct_fields__})
