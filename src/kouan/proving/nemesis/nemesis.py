"""Carrying out a plan on a simulated port, then healing all, while people keep the lanes in service."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from kouan.proving.nemesis import clocks, crashes, field, intruders, network, people, store
from kouan.proving.nemesis.plan import FaultAct, FaultKind, Plan
from kouan.proving.nemesis.world import World
from kouan.vocabulary.errors import KouanError

Execute = Callable[[World, FaultAct], Awaitable[bool]]
"""Does one thing and undoes it; says whether it took effect."""

_K = FaultKind

EXECUTORS: Mapping[FaultKind, Execute] = {
    **dict.fromkeys(
        (_K.LOSS, _K.DELAY, _K.DUPLICATION, _K.REORDERING, _K.CUT, _K.CUT_UP, _K.CUT_DOWN, _K.DEAF), network.weather
    ),
    _K.FLAPPING: network.flapping,
    _K.BROKER_RESTART: network.broker_restart,
    _K.DROPPED: network.dropped,
    **dict.fromkeys((_K.DISK_FULL, _K.DISK_ERROR, _K.STORE_LOST, _K.ANSWER_LOST, _K.FENCED), store.commits),
    _K.DISK_SLOW: store.slow,
    _K.STORE_AWAY: store.away,
    _K.LEDGER_FLIPPED: store.flipped,
    _K.LEDGER_LOST: store.lost,
    **dict.fromkeys((_K.LOG_FULL, _K.LOG_LOST, _K.LOG_TORN), crashes.medium),
    _K.LOG_FLIPPED: crashes.log_flipped,
    **dict.fromkeys((_K.PLATFORM_CRASH, _K.CONTROLLER_CRASH), crashes.at_await),
    **dict.fromkeys((_K.CRASH_AT_COMMIT, _K.CRASH_AT_ORDER, _K.CRASH_AT_NONCE, _K.CRASH_AT_COMMAND), crashes.at_moment),
    **dict.fromkeys((_K.CLOCK_SKEW, _K.CLOCK_FORWARD, _K.CLOCK_BACK, _K.CLOCK_DRIFT), clocks.wrong),
    **dict.fromkeys((_K.SWAP, _K.UNCOUNTED_SWAP), field.swapped),
    _K.TAILGATER: field.tailgated,
    _K.STUCK_LOOP: field.stuck,
    _K.SILENT_DEVICE: field.silent,
    _K.BABBLING_DEVICE: field.babbling,
    **dict.fromkeys((_K.PLC_RESTART, _K.BARRIER_RESTART), field.restarted),
    _K.LATE_HOLD: people.late_hold,
    _K.CONTRADICTION: people.contradiction,
    _K.FOREIGN_RELEASE: people.foreign_release,
    _K.FOREIGN_LIFT: people.foreign_lift,
    _K.OVERRIDE: people.override,
    _K.FORGED_ORDER: intruders.forged_order,
    _K.HELD_ORDER: intruders.held_order,
    _K.DOUBLED_MANIFEST: intruders.doubled_manifest,
}

ROUND_S = 5.0
"""How often somebody looks at the lanes that are out of service. Our choice."""

GRACE_S = 30.0
"""How long what people began may go on after all has healed: holds that are still to be lifted. Our choice."""


class Nemesis:
    """Does to a port what a plan says."""

    def __init__(self, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._acts: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Do it all, heal, and keep lanes in service for ever."""
        keeping = asyncio.create_task(self._keep_lanes_open(), name="caretaker")
        for act in self._plan.faults:
            await self._world.until(act.at)
            self._acts.append(asyncio.create_task(self._do(act), name=f"nemesis-{len(self._acts)}"))
        await self._world.until(self._plan.heals_us)
        self.heal()
        await keeping

    def heal(self) -> None:
        """Let nothing be wrong from here on."""
        world = self._world
        world.weather.clear()
        world.disk.clear()
        world.port.controller.medium.failing = False
        for clock in world.port.clocks.all():
            clock.put_right()
        for cable in world.port.cables.values():
            cable.mend()
        world.port.tell("nemesis", "heal", None)

    def check(self) -> None:
        """Raise what an act failed with: the nemesis itself must not."""
        for act in self._acts:
            if act.done() and not act.cancelled():
                act.result()

    async def _do(self, act: FaultAct) -> None:
        self._world.port.tell("nemesis", "fault", act)
        if await EXECUTORS[act.kind](self._world, act):
            self._world.coverage[act.kind] += 1

    async def _keep_lanes_open(self) -> None:
        """Be the people who look at a lane that is out of service, and open it again."""
        port = self._world.port
        while True:
            await asyncio.sleep(ROUND_S)
            if not port.platform.alive:
                continue
            for name, lane in list(port.platform.driver.lanes.items()):
                if lane.lane.stopped is not None:
                    try:
                        await port.desk.open_lane(name, "Looked at; the lane is free")
                    except KouanError:
                        continue
