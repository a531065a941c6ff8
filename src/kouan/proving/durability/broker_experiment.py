"""The experiment with the broker alone, as one command: its power cuts, a control that must lose, and the figures."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from kouan.proving.bench_gate.figures import environment
from kouan.proving.durability.broker_cuts import CHECK_EVERY, BrokerCuts, BrokerTally
from kouan.proving.durability.experiment import percentile
from kouan.proving.durability.mounted_disk import MountedDisk
from kouan.proving.durability.names import Promise
from kouan.vocabulary.errors import KouanError

CONTROL_CUTS = 6
"""Cuts on a broker whose syncs are lies. Our choice: half of them come before a platform has taken what was said."""


class BrokerSetting(msgspec.Struct, frozen=True):
    """How much to do; ``promise`` is what a sync makes durable of names."""

    kills: int = 100
    seed: int = 7
    control: bool = True
    promise: Promise = Promise.JOURNALLED


def run_broker_experiment(setting: BrokerSetting, tell: Callable[[str], None]) -> dict[str, Any]:
    """Cut the power of a broker so often, then of one whose syncs are lies, which must lose; return the figures.

    Times are in seconds. Raises Unavailable where FUSE cannot mount.
    """

    def progress(tally: BrokerTally) -> None:
        if tally.kills % CHECK_EVERY == 0:
            tell(f"{tally.kills} of {setting.kills} cuts: {tally.acknowledged} acknowledged, {len(tally.lost)} lost")

    with tempfile.TemporaryDirectory(prefix="kouan-durability-", ignore_cleanup_errors=True) as folder:
        tally = _run(Path(folder, "cuts"), setting, setting.kills, progress, lying=False)
        control = None
        if setting.control and not tally.failure:
            tell("control: syncs are lies")
            control = _run(Path(folder, "control"), setting, CONTROL_CUTS, lambda _: None, lying=True)
    return _figures(setting, tally, control)


def _figures(setting: BrokerSetting, tally: BrokerTally, control: BrokerTally | None) -> dict[str, Any]:
    broken = [tally.failure] if tally.failure else []
    broken += [f"message {number} is lost" for number in tally.lost]
    if tally.kills < setting.kills:
        broken.append(f"only {tally.kills} of {setting.kills} cuts were made")
    if not tally.damage.lost + tally.damage.torn:
        broken.append("void: no cut ever lost or tore a write")
    if control is not None and not control.lost:
        broken.append("void: the control lost nothing")
    return {
        "held": not broken,
        "kills": tally.kills,
        "acknowledged": tally.acknowledged,
        "acknowledged_lost": len(tally.lost),
        "writes_kept": tally.damage.kept,
        "writes_lost": tally.damage.lost,
        "writes_torn": tally.damage.torn,
        "names_lost": tally.damage.names_lost,
        "went_back": tally.went_back,
        "withheld": tally.withheld,
        "restart_p50_s": percentile(tally.restarts_s, 50),
        "restart_p99_s": percentile(tally.restarts_s, 99),
        "control_lost": None if control is None else len(control.lost),
        "broken": broken,
        "detail": {"setting": msgspec.to_builtins(setting)},
        "environment": environment(),
    }


def _run(
    work: Path, setting: BrokerSetting, cuts: int, tell: Callable[[BrokerTally], None], *, lying: bool
) -> BrokerTally:
    """Cut the power so often, on a disk of its own; what was found until it cannot go on is returned."""
    with MountedDisk(work / "disk", setting.promise) as disk:
        experiment = BrokerCuts(work, disk, setting.seed, lying=lying)
        try:
            asyncio.run(experiment.run(cuts, tell))
        except KeyboardInterrupt:
            experiment.tally.failure = "interrupted"
        except (KouanError, OSError) as error:
            if not experiment.tally.kills:
                raise
            experiment.tally.failure = f"cannot go on: {error}"
        return experiment.tally
