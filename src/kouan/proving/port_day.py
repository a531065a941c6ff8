"""A port-day in virtual time: the whole port, its field and its officers in one process, as fast as one core allows."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from kouan.ledger.merkle import root_of
from kouan.proving.invariants import CHECKERS, watch_all
from kouan.proving.observations import AlarmWatcher, Tell
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.proving.yard_day import YardDay, yard_day
from kouan.simulator.port_file import load_port
from kouan.simulator.scenario import load_scenario
from kouan.simulator.score import score
from kouan.simulator.truth import VehicleTruth, vehicles
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.places import Direction
from kouan.wiring.port_file import PortFile, load, path_of
from kouan.wiring.report import Outcome, outcomes_since
from kouan.wiring.twin import SimulatedPort
from kouan.wiring.twin.watched import tell_nobody

if TYPE_CHECKING:
    from kouan.wiring.twin.yard import YardInProcess

DAY = date(2026, 9, 1)
"""The day that is simulated unless another is asked for. Our choice: an ordinary Tuesday, so that figures compare."""

HOUR_US = 3600 * SECOND
DAY_S = 86_400


class DaySetting(msgspec.Struct, frozen=True, kw_only=True):
    """What is simulated: ``days`` of a port, from its opening on ``day``; all chance follows from ``seed``.

    ``checked`` says whether the invariants are checked after every step; ``yard`` whether loaded lorries go on to the
    supervised yard, and leave it by its exits.
    """

    port: str = "ganqimaodu"
    scenario: str = "day"
    seed: int = 7
    days: float = 1.0
    day: date = DAY
    checked: bool = True
    yard: bool = False


class DayWatcher(AlarmWatcher):
    """Remembers the longest queue of each hour and direction, as the port's own counters tell it; tells of alarms."""

    def __init__(self, clock: Clock, tell: Tell) -> None:
        super().__init__(tell)
        self._clock = clock
        self._opened = clock.now()
        self.peaks: dict[int, dict[str, int]] = {}

    def queue(self, direction: Direction, waiting: int) -> None:
        """The queue before the gate was counted."""
        hour = self.peaks.setdefault((self._clock.now() - self._opened) // HOUR_US, {})
        hour[direction.value] = max(waiting, hour.get(direction.value, 0))


def simulate_day(setting: DaySetting, tell: Callable[[float], None] = lambda _: None) -> Mapping[str, Any]:
    """Simulate, and return what the port would have done.

    ``tell`` is told what share of the time has passed, from 0 to 1. The same setting gives the same ledger, byte for
    byte, in any process.
    """
    port = load(setting.port)
    loop = VirtualLoop(opening(port, setting.day), Random(f"order/{setting.seed}"))
    day = _Day(setting, port, VirtualClock(loop), tell)
    began_s = time.process_time()
    outcomes = run(day.live(), loop)
    return day.figures(outcomes, time.process_time() - began_s)


def vehicles_of_day(setting: DaySetting, tell: Callable[[float], None] = lambda _: None) -> Sequence[VehicleTruth]:
    """Simulate, and return what truly happened to each vehicle, in the order of the stops."""
    port = load(setting.port)
    loop = VirtualLoop(opening(port, setting.day), Random(f"order/{setting.seed}"))
    day = _Day(setting, port, VirtualClock(loop), tell)
    run(day.live(), loop)
    return day.vehicles()


class _Day:
    """One run, from the opening to its end."""

    def __init__(self, setting: DaySetting, port: PortFile, clock: VirtualClock, tell: Callable[[float], None]) -> None:
        self._setting = setting
        self._port = port
        self._clock = clock
        self._tell = tell
        self._span_us = round(setting.days * DAY_S * SECOND)
        self._watch, self._known = watch_all()
        observe = self._watch.teller(clock) if setting.checked else tell_nobody
        self._observe = observe
        self._watcher = DayWatcher(clock, observe)
        self._twin: SimulatedPort
        self._yard: YardDay | None = None

    async def live(self) -> Mapping[str, Outcome]:
        """Let the port live, and return what became of each passage."""
        setting = self._setting
        field, scenario = load_port(path_of(setting.port)), load_scenario(setting.scenario)
        twin = self._twin = SimulatedPort(
            self._port, field, scenario, setting.seed, self._clock, self._observe, watcher=self._watcher,
            yard=_yard() if setting.yard else None,
        )  # fmt: skip
        self._known.port = twin
        try:
            await twin.start()
            await twin.run(self._over)
            self._observe("world", "end", None)
            self._yard = await yard_day(twin)
        finally:
            twin.finish()
        return await outcomes_since(twin.platform.ledger, 0)

    def figures(self, outcomes: Mapping[str, Outcome], cpu_s: float) -> Mapping[str, Any]:
        """Return what is to be told, by name."""
        setting, file = self._setting, self._twin.disk.ledger(self._port.name)
        told = {"port": self._port.name, "scenario": setting.scenario, "seed": setting.seed, "days": setting.days}
        done = _done(self._twin, outcomes)
        recorded = {"entries": len(file.entries), "ledger_root": root_of(file.hashes).hex()}
        speed = _speed(self._twin.field.summary().messages_sent, done["lorries"], self._clock, cpu_s)
        if self._yard is not None:
            done |= self._yard.figures
        return told | done | self._checks() | _queues(self._watcher) | recorded | speed

    def vehicles(self) -> Sequence[VehicleTruth]:
        """Return what truly happened to each vehicle."""
        return vehicles(self._twin.truth.lines)

    def _over(self) -> bool:
        passed_us = self._clock.monotonic()
        self._tell(min(1.0, passed_us / self._span_us))
        return passed_us >= self._span_us

    def _checks(self) -> dict[str, Any]:
        """Return how many checkers watched, and what they found; no number of violations where none watched."""
        if not self._setting.checked:
            return {"checks": 0, "violations": None, "violation_texts": []}
        texts = [f"{each.invariant} at {each.at}: {each.text}" for each in self._watch.violations]
        texts += () if self._yard is None else self._yard.findings
        return {"checks": len(CHECKERS), "violations": len(texts), "violation_texts": texts}


def _yard() -> "YardInProcess":
    """Return the yard of a twin; a day without one needs nothing of what it is made of."""
    from kouan.wiring.twin.yard_people import IN_PROCESS

    return IN_PROCESS


def opening(port: PortFile, day: date) -> Instant:
    """Return the instant at which a port opens on a day."""
    at = time_of_day.fromisoformat(port.hours.opens)
    return int(datetime.combine(day, at, ZoneInfo(port.timezone)).astimezone(UTC).timestamp()) * SECOND


def _done(twin: SimulatedPort, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Return what became of the lorries, by the field's record and by the ledger."""
    told = [msgspec.to_builtins(outcome) for outcome in outcomes.values()]
    result = score(twin.truth.lines, twin.actuations.lines, told)
    ends = Counter(outcome.state for outcome in outcomes.values())
    summary = twin.field.summary()
    return {
        "lorries": result.vehicles,
        "cleared": result.cleared,
        "diverted": result.diverted,
        "refused": ends["refused"],
        "held": sum(outcome.outcome not in ("RELEASE", None) for outcome in outcomes.values()),
        "abandoned": ends["abandoned"],
        "left_over": ends["open"] + summary.waiting_in + summary.waiting_out,
        "median_stop_s": result.median_stop_s,
        "p95_stop_s": result.p95_stop_s,
        "planted": result.planted,
        "caught": result.caught,
        "missed": result.missed,
        "false_alarms": result.false_alarms,
        "own_trouble": result.own_trouble,
        "double_actuations": result.double_actuations,
    }


def _queues(watcher: DayWatcher) -> dict[str, Any]:
    """Return the longest queue of each hour after the opening."""
    return {
        "queue_peaks": [
            {"hour": hour, **{direction.value: longest.get(direction.value, 0) for direction in Direction}}
            for hour, longest in sorted(watcher.peaks.items())
        ]
    }


def _speed(messages: int, lorries: int, clock: Clock, cpu_s: float) -> dict[str, Any]:
    """Return how much devices said and how long the processor worked for it."""
    virtual_s = clock.monotonic() / SECOND
    return {
        "messages": messages,
        "messages_per_passage": messages / lorries if lorries else None,
        "us_per_message": cpu_s * 1_000_000 / messages if messages else None,
        "virtual_s": virtual_s,
        "cpu_s": cpu_s,
        "virtual_s_per_s": virtual_s / cpu_s,
    }
