"""Running one plan: a port in virtual time, its nemesis, and whoever watches."""

import asyncio
import functools
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from msgspec.structs import replace

from kouan.proving.invariants import watch_all
from kouan.proving.nemesis.nemesis import Nemesis
from kouan.proving.nemesis.plan import FaultKind, Plan
from kouan.proving.nemesis.world import Found, World
from kouan.proving.observations import AlarmWatcher, LogListener, Observation
from kouan.proving.seeds.result import SeedResult
from kouan.proving.seeds.trace import Trace
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.port_file import FieldPort, load_port
from kouan.simulator.scenario import Episodes, People, Scenario, Wire
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Conflict, Fenced, Unavailable
from kouan.wiring.port_file import PortFile, load, path_of
from kouan.wiring.twin import SimulatedPort

PORT = "ganqimaodu"
"""Whose port file the runs take: its rules, its procedures, and some of its lanes."""

START = int(datetime(2026, 11, 20, 0, 0, tzinfo=UTC).timestamp()) * SECOND
"""When a run begins: 08:00 in Ganqimaodu, as the gate opens."""

PATIENCE_S = 90.0
"""How long a driver stands before he backs out. Our choice: less than the time in which a healed port must be done."""

OFFICER_WAITS_S = 6.0
"""How old a review is when an officer takes it. Our choice: so that people are soon in the way of everything else."""

EXPECTED = (Unavailable, Fenced, Conflict)
"""What a process may end with under faults, to be started again; anything else is a fault of its own."""

LOOKS_EVERY_S = 2.0
"""How often the run looks whether it is over. Our choice."""


WIRE = Wire(heartbeat_s=60, queue_counted_s=30, scale_frames=5)
"""How often devices speak. Our choice: that nothing is new they say seldom, so that a seed's time goes into what is."""


def scenario_of(plan: Plan) -> Scenario:
    """Return how a plan's vehicles, devices and people are."""
    return Scenario(
        name="seeds",
        rates={kind: share / 1000 for kind, share in plan.rates.items()},
        episodes=Episodes(garbage=0.001, duplicate=0.005, scale_drift_pm=1.0),
        wire=WIRE,
        people=People(officer_waits_s=OFFICER_WAITS_S, patience_s=PATIENCE_S),
        pictures=False,
    )


def port_of(plan: Plan) -> tuple[PortFile, FieldPort]:
    """Return the port file of a plan, with its lanes only, and the field's sight of it, with its traffic."""
    port, field = _files()
    traffic = replace(
        field.simulation,
        opening_queue_in=plan.queue,
        opening_queue_out=plan.queue,
        inbound_per_day=plan.per_hour,
        outbound_per_day=plan.per_hour,
        exports_per_day=plan.per_hour // 2,
        hourly=(1.0,),
    )
    return (
        replace(
            port,
            lanes=tuple(lane for lane in port.lanes if lane.name in plan.lanes),
            calibrated_until=port.calibrated_until if plan.calibrated else "2026-11-01",
        ),
        replace(field, lanes=tuple(lane for lane in field.lanes if lane.name in plan.lanes), simulation=traffic),
    )


@functools.cache
def _files() -> tuple[PortFile, FieldPort]:
    return load(PORT), load_port(path_of(PORT))


def run_plan(plan: Plan) -> SeedResult:
    """Run a plan, and return what it came to; whatever breaks in it is told as a violation."""
    began_s = time.process_time()
    loop = VirtualLoop(START, Random(f"order/{plan.seed}"))
    seed_run = _SeedRun(plan, VirtualClock(loop))
    broken: tuple[Found, ...] = ()
    try:
        with LogListener(seed_run.hear):
            run(seed_run.live(), loop)
    except Exception as error:  # noqa: BLE001 - a run that breaks is a finding like any other
        broken = (Found("run", loop.start, f"{type(error).__name__}: {error}"),)
    return seed_run.result(broken, time.process_time() - began_s)


class _SeedRun:
    """One run, from its beginning to its end."""

    def __init__(self, plan: Plan, clock: VirtualClock) -> None:
        self._plan = plan
        self._clock = clock
        self._trace = Trace()
        self._world = World(clock, Random(f"nemesis/{plan.seed}"), plan.heals_us)
        self._watch, self._known = watch_all()
        self._broken: list[Found] = []
        self._port: SimulatedPort

    async def live(self) -> None:
        """Let the port live under its nemesis."""
        port = self._port = SimulatedPort(
            *port_of(self._plan), scenario_of(self._plan), self._plan.seed, self._clock, self._tell,
            watcher=AlarmWatcher(self._tell), forgiving=True,
        )  # fmt: skip
        self._known.port = port
        self._world.settle_in(port)
        nemesis = Nemesis(self._world, self._plan)
        working: asyncio.Task[None] | None = None
        try:
            await port.start()
            working = asyncio.create_task(nemesis.run(), name="nemesis")
            await port.run(functools.partial(self._over, nemesis, working), LOOKS_EVERY_S)
            self._tell("nemesis", "end", None)
        finally:
            if working is not None:
                working.cancel()
            port.finish()

    def hear(self, line: str) -> None:
        """Take a line of the port's log: it must name nobody."""
        self._watch.see(Observation(self._clock.now(), "log", "logged", line))

    def result(self, broken: tuple[Found, ...], cpu_s: float) -> SeedResult:
        """Return what the run came to."""
        ledger = self._port.disk.ledger(PORT)
        lines = self._port.truth.lines
        found = [Found(each.invariant, each.at - START, each.text) for each in self._watch.violations]
        coverage: Mapping[FaultKind, int] = dict(self._world.coverage)
        return SeedResult(
            seed=self._plan.seed,
            violations=(*found, *self._world.wrongs, *self._broken, *broken),
            coverage=coverage,
            cleared=sum(1 for line in lines if line.get("event") == "left" and line.get("exit") == "release"),
            stopped=sum(1 for line in lines if line.get("event") == "stopped"),
            entries=len(ledger.entries),
            ledger_root=ledger.entries[-1].hash if ledger.entries else "",
            trace_sha256=self._trace.hexdigest(),
            cpu_s=cpu_s,
        )

    def _over(self, nemesis: Nemesis, working: "asyncio.Task[None]") -> bool:
        nemesis.check()
        if working.done():
            working.result()
        return bool(self._watch.violations) or self._clock.now() >= START + self._plan.ends_us

    def _tell(self, node: str, kind: str, data: Any) -> None:
        now = self._clock.now()
        self._trace.see(now, node, kind, data)
        self._watch.see(Observation(now, node, kind, data))
        if kind == "failed" and not isinstance(data, EXPECTED):
            self._broken.append(Found("run", now - START, f"the {node} ended by itself: {data!r}"))
        self._world.tell(node, kind, data)
