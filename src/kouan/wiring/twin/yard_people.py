"""The yard's counters in process: what HTTP does for a live port, with the same rows and the same desk behind it."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from kouan.journeys.yard_desk import YardDesk
from kouan.simulator.roles import Document
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.verdict import Refused
from kouan.web.yard import scale_views, stack_view, visit_view
from kouan.wiring.twin.node import asking
from kouan.wiring.twin.platform import Platform
from kouan.wiring.twin.yard import TwinYard, YardInProcess, open_yard
from kouan.yard.facts import Mend
from kouan.yard.pickups import Wanted
from kouan.yard.roles import Released

CLERK, DUTY, BORDER, CONSIGNEE = "sim-site-2", "sim-site-1", "sim-border-1", "sim-consignee"
"""Who does what in the yard, as in a demonstration (``wiring.demo``)."""


MOST_LOTS = 10_000
"""Lots of a state that are listed. Our choice: more than a day's."""


class YardOffice:
    """The field's YardDesk over a platform that may be dead, or die over an act."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def visits(self) -> tuple[Document, ...]:
        """Return the visits under way."""
        found: tuple[Document, ...] = await self._read(_visits)
        return found

    async def stock(self) -> Document:
        """Return what lies there."""
        found: Document = await self._read(_stock)
        return found

    async def scales(self) -> tuple[Document, ...]:
        """Return the scales."""
        found: tuple[Document, ...] = await self._read(_scales)
        return found

    async def begin(self, visit: str, place: str, temperature_dc: int | None = None) -> bool:
        """Begin to unload or load."""
        return await self._do(lambda desk: desk.visits.begin_handling(visit, place, CLERK, temperature_dc))

    async def tally(self, visit: str, moisture_bp: int, *, sound: bool) -> bool:
        """End it with the tally."""
        return await self._do(lambda desk: desk.visits.tally(visit, CLERK, moisture_bp, sound=sound))

    async def sample(self, visit: str, sample: str, mass_kg: int, seal: str) -> bool:
        """Take a sample."""
        return await self._do(lambda desk: desk.visits.sample(visit, sample, mass_kg, seal, CLERK))

    async def mend(self, visit: str, how: str, reason: str) -> bool:
        """Say how a held vehicle goes on, or what was seen of one."""
        return await self._do(lambda desk: desk.visits.mend(visit, Mend(how), DUTY, reason))

    async def excuse(self, visit: str, reason: str) -> bool:
        """Excuse a difference in people, as border inspection."""
        return await self._do(lambda desk: desk.visits.excuse(visit, BORDER, reason))

    async def order(self, wanted: Document) -> bool:
        """Place a pick-up order, as the consignee."""
        return await self._do(lambda desk: desk.goods.order(Wanted(**wanted), CONSIGNEE))

    async def reset_exit(self, exit_: str, reason: str) -> bool:
        """Let an exit lane open again that opens for nobody."""
        return await self._do(lambda desk: _reset(desk, exit_, reason))

    async def adjusted(self, scale: str, reason: str) -> bool:
        """Take a scale into use again."""
        return await self._do(lambda desk: desk.scales.adjusted(scale, DUTY, reason))

    async def _read(self, ask: Callable[[YardDesk], Awaitable[Any]]) -> Any:
        desk = _yard_of(self._platform).parts.desk
        return await asking(self._platform, lambda: ask(desk))

    async def _do(self, act: Callable[[YardDesk], Awaitable[Any]]) -> bool:
        return not isinstance(await self._read(act), Refused)


class LotsOffice:
    """What consignees read of lots: which are released, and how much of each; nobody of customs works at it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def lots(self, state: str) -> tuple[Document, ...]:
        """Return the lots in a state."""
        yard = _yard_of(self._platform)
        found = await asking(self._platform, lambda: yard.releases.lots_in(state, MOST_LOTS))
        return tuple({"number": each.number} for each in found)

    async def lot(self, number: str) -> Document | None:
        """Return how much of a lot may leave the yard, and until when."""
        yard = _yard_of(self._platform)
        found = await asking(self._platform, lambda: yard.released.of(number))
        free = isinstance(found, Released)
        return {
            "may_leave": free,
            "released_kg": found.mass_kg if isinstance(found, Released) else 0,
            "deadline": found.until if isinstance(found, Released) else None,
        }


def _yard_of(platform: Platform) -> TwinYard:
    """Return the yard of a platform; raise Unavailable where it is dead."""
    if not platform.alive or platform.yard is None:
        raise Unavailable("the platform is dead")
    return platform.yard


async def _visits(desk: YardDesk) -> tuple[Document, ...]:
    return tuple(visit_view(each) for each in await desk.records.open_visits())


async def _stock(desk: YardDesk) -> Document:
    lots = [msgspec.to_builtins(each) for each in await desk.records.lots()]
    return {"lots": lots, "stacks": [stack_view(each) for each in await desk.records.stacks() if each.dry_dg]}


async def _scales(desk: YardDesk) -> tuple[Document, ...]:
    return tuple(await scale_views(desk, 0))


async def _reset(desk: YardDesk, name: str, reason: str) -> None:
    if desk.exits is not None:
        await desk.exits.reset(name, DUTY, reason)


IN_PROCESS = YardInProcess(open_yard, YardOffice, LotsOffice)
"""The yard of a twin: its platform's, and its counters."""
