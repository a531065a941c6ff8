"""The whole experiment: power cuts under load, bits that flip, and controls that must lose."""

import contextlib
import functools
import math
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.proving.bench_gate.figures import environment
from kouan.proving.durability.control import LIES, Control, run_control
from kouan.proving.durability.edge import Edge
from kouan.proving.durability.file_data import ALL_LOST
from kouan.proving.durability.flips import Flips, Kind, Outcome, Trial
from kouan.proving.durability.kills import Tally, run_kills
from kouan.proving.durability.mounted_disk import MountedDisk
from kouan.proving.durability.names import Promise
from kouan.proving.running_port import wait_until
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import KouanError

WHOLE_FROM_KILLS = 100
"""Cuts from which on a run is a whole one: every kind of flip, and a control for each engine. Our choice."""

FLIPS = {Kind.TABLES: 4, Kind.TRANSACTIONS: 4, Kind.CATALOGUE: 4, Kind.WAL: 8, Kind.MESSAGES: 8, Kind.NONCES: 200}
FEW_FLIPS = {Kind.WAL: 1, Kind.MESSAGES: 1, Kind.NONCES: 50}
"""Trials of each kind, in a whole run and in a short one. Our choice: an engine takes seconds to start for each."""

UNSETTLED = 30
"""Messages that wait in the broker when its files are flipped. Our choice: enough for flips to hit some."""

AT_REST = 4
"""Lorries that cleared before bits are turned over. Our choice: a few make rows in every table that the gate has."""

TOLD_EVERY = 10
"""Cuts between two lines about how it goes. Our choice: one or two a minute."""

CLOCK = SystemClock()

Tell = Callable[[str], None]

Phase = Callable[[Path], None]
"""A part of the experiment, done in a folder of its own."""


class DurabilitySetting(msgspec.Struct, frozen=True):
    """How much to do. ``speed`` is that of the simulated field; ``promise`` what a sync makes durable of names."""

    kills: int = 100
    seed: int = 7
    control: bool = True
    promise: Promise = Promise.JOURNALLED
    speed: float = 16.0

    @property
    def whole(self) -> bool:
        """Whether this is a whole run."""
        return self.kills >= WHOLE_FROM_KILLS


class Outcomes(msgspec.Struct):
    """What came of the experiment so far."""

    tally: Tally = msgspec.field(default_factory=Tally)
    flips: list[Trial] = []
    controls: list[Control] = []
    failures: list[str] = []

    def broken(self, setting: DurabilitySetting) -> list[str]:
        """Return what did not hold, in words; nothing if all held and the experiment means something."""
        tally = self.tally
        found = [*([tally.failure] if tally.failure else ()), *self.failures, *tally.lost.words()]
        if tally.kills < setting.kills:
            found.append(f"only {tally.kills} of {setting.kills} cuts were made")
        if not tally.damage.lost + tally.damage.torn:
            found.append("void: no cut ever lost or tore a write")
        found += [f"{trial.kind} served wrong: {trial.said}" for trial in self.flips if trial.outcome is Outcome.SERVED]
        if self.flips and not any(trial.outcome is Outcome.DETECTED for trial in self.flips):
            found.append("void: no flipped bit was found out")
        found += [f"void: control {each.name} lost nothing" for each in self.controls if not each.lost]
        return found


def run_experiment(setting: DurabilitySetting, tell: Tell) -> Outcomes:
    """Run the experiment in a temporary folder; raise Unavailable where FUSE cannot mount.

    Cuts, flips and controls have a disk each, and where one of them cannot go on, the others are made all the same.
    What was found until then is returned where it is interrupted (KeyboardInterrupt). ``failures`` say so, and nothing
    is left behind.
    """
    found = Outcomes()
    phases: dict[str, Phase] = {
        "power cuts": lambda work: _kills(setting, found, work, tell),
        "flips": lambda work: _flips(setting, found, work, tell),
    }
    for name in _controls(setting):
        phases[f"control {name}"] = functools.partial(_control, name, setting, found, tell)
    try:
        with tempfile.TemporaryDirectory(prefix="kouan-durability-", ignore_cleanup_errors=True) as folder:
            for number, (name, phase) in enumerate(phases.items()):
                _attempt(name, phase, Path(folder, str(number)), found, tell)
    except KeyboardInterrupt:
        found.failures.append("interrupted")
    return found


def _attempt(name: str, phase: Phase, work: Path, found: Outcomes, tell: Tell) -> None:
    """Do one part of the experiment; note why it could not be done, unless nothing was done at all."""
    try:
        phase(work)
    except (KouanError, OSError, subprocess.SubprocessError) as error:
        if not found.tally.kills:
            raise
        found.failures.append(f"{name} cannot go on: {error}")
        tell(found.failures[-1])


def _kills(setting: DurabilitySetting, found: Outcomes, work: Path, tell: Tell) -> None:
    began = CLOCK.monotonic()

    def progress(tally: Tally) -> None:
        if tally.kills % TOLD_EVERY == 0:
            tell(_progress(setting, tally, (CLOCK.monotonic() - began) / SECOND))

    with _edge(setting, work) as (disk, edge):
        tell(f"the first lorry clears on {disk.place}")
        edge.begin()
        edge.cut(setting.seed, ALL_LOST)
        run_kills(edge, setting.kills, Random(setting.seed), found.tally, progress)
        if found.tally.failure:
            tell(f"no further cut can be made: {found.tally.failure}")


def _control(name: str, setting: DurabilitySetting, found: Outcomes, tell: Tell, work: Path) -> None:
    found.controls.append(run_control(name, work, setting.speed, setting.seed, tell))


@contextlib.contextmanager
def _edge(setting: DurabilitySetting, work: Path) -> Iterator[tuple[MountedDisk, Edge]]:
    work.mkdir()
    disk = MountedDisk(work / "disk", setting.promise)
    with disk, Edge(work, disk, speed=setting.speed, seed=setting.seed) as edge:
        yield disk, edge


def _controls(setting: DurabilitySetting) -> Sequence[str]:
    names = tuple(LIES)
    return () if not setting.control else names if setting.whole else names[:1]


def _flips(setting: DurabilitySetting, found: Outcomes, work: Path, tell: Tell) -> None:
    """Let a port work, cut its power while messages wait in the broker, and turn bits over.

    The first cut makes PostgreSQL write all that it has into its tables as it comes back.
    """
    tell("bits flip at rest")
    with _edge(setting, work) as (disk, edge):
        edge.begin()
        edge.port.wait_until(lambda: edge.port.cleared() >= AT_REST, "lorries clear")
        edge.cut(setting.seed, ALL_LOST)
        edge.start()
        before = len(edge.device.acknowledged)
        edge.stall()
        wait_until(lambda: len(edge.device.acknowledged) >= before + UNSETTLED, "the broker takes messages")
        edge.cut(setting.seed, ALL_LOST)
        edge.end_outside()
        flips = Flips(disk, work, Random(setting.seed))
        for kind, trials in (FLIPS if setting.whole else FEW_FLIPS).items():
            found.flips += flips.run(kind, trials)


def _progress(setting: DurabilitySetting, tally: Tally, spent_s: float) -> str:
    opened = [each.open_s for each in tally.restarts]
    return (
        f"{tally.kills} of {setting.kills} cuts in {spent_s:.0f} s: {tally.acknowledged} acknowledged facts, "
        f"{len(tally.lost.words())} lost or twice; restart p50 {percentile(opened, 50)} s, "
        f"p99 {percentile(opened, 99)} s"
    )


def figures(setting: DurabilitySetting, found: Outcomes) -> dict[str, Any]:
    """Return the figures by name; times in seconds."""
    tally, broken = found.tally, found.broken(setting)
    damage = tally.damage
    opened = [each.open_s for each in tally.restarts]
    served = [each.served_s for each in tally.restarts if each.served_s is not None]
    return {
        "held": not broken,
        "kills": tally.kills,
        "acknowledged": tally.acknowledged,
        "acknowledged_lost": tally.lost.acknowledged_facts(),
        "actuations": tally.actuations,
        "double_actuations": len(tally.lost.twice),
        "writes_kept": damage.kept,
        "writes_lost": damage.lost,
        "writes_torn": damage.torn,
        "names_lost": damage.names_lost,
        "flips": len(found.flips),
        **{f"flips_{outcome.value}": _count(found.flips, outcome) for outcome in Outcome},
        "restart_open_p50_s": percentile(opened, 50),
        "restart_open_p99_s": percentile(opened, 99),
        "restart_cpu_p50_s": percentile([each.cpu_s for each in tally.restarts], 50),
        "restart_served_p50_s": percentile(served, 50),
        "restart_served_p99_s": percentile(served, 99),
        "control_lost": {each.name: each.lost for each in found.controls} or None,
        "broken": broken,
        "detail": {**msgspec.to_builtins(found), "setting": msgspec.to_builtins(setting)},
        "environment": environment(),
    }


def percentile(values: Sequence[float], share: int) -> float | None:
    """Return the smallest value that ``share`` percent of the values do not exceed; None of none."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)], 3) if ordered else None


def _count(trials: Sequence[Trial], outcome: Outcome) -> int:
    return sum(trial.outcome is outcome for trial in trials)
