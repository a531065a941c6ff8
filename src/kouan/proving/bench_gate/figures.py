"""The whole measure: its parts one after the other, on engines of its own, and the figures that come out."""

import asyncio
import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.postgres import EmbeddedPostgres, PostgresServer
from kouan.proving.bench_gate import floor, latency
from kouan.proving.bench_gate.children import ask
from kouan.proving.bench_gate.durable_steps import STEPS, DurableSetting, DurableSteps, is_installed
from kouan.proving.bench_gate.first_cleared import FirstCleared
from kouan.proving.bench_gate.first_cleared import measure as measure_first_cleared
from kouan.proving.bench_gate.floor import Floor
from kouan.proving.bench_gate.latency import Latency
from kouan.proving.bench_gate.saturation import Saturation, SaturationSetting
from kouan.proving.bench_gate.world import PORT

PARTS = ("latency", "saturation", "floor", "dbos", "run")
"""What can be left out. The floor needs the rows of the saturation; the ratios need both of their sides."""

RATES = (1.8, 18.0, 180.0)
"""Passages a second: all 162 lanes of Inner Mongolia busy at 90 s, ten and a hundred times that."""

SATURATION_LORRIES_A_S = 260
"""Lorries prepared for each second of the saturation. Our choice: more than was ever cleared on two cores."""

MOST_LANES = 160
"""Lanes of the closed loop. A passage takes 1.1 s at the least, because a weight must stand for 0.8 s, so this many
clear at most 145 a second; many more wait so long, on two cores, that papers come too late for their drivers."""

DURABLE_S = 9.0
"""Seconds for DBOS."""

RUN_S = 60.0
"""How long a port may take to clear its first lorry."""

STEP_WITHIN_S = 180.0
"""How long one part may take."""

Tell = Callable[[str], None]


class BenchSetting(msgspec.Struct, frozen=True):
    """What to measure: at which rates, for how many seconds each, and which parts to leave out."""

    seconds: float = 10.0
    rates: tuple[float, ...] = RATES
    skip: frozenset[str] = frozenset()
    seed: int = 7
    lanes: int = MOST_LANES


class Parts(msgspec.Struct):
    """What each part told; None where it was left out or could not be measured."""

    latency: Latency | None = None
    saturation: Saturation | None = None
    floor: Floor | None = None
    dbos: DurableSteps | None = None
    run: FirstCleared | None = None


async def measure(setting: BenchSetting, tell: Tell) -> dict[str, Any]:
    """Measure and return the figures by name; None stands for what was left out."""
    parts = Parts()
    with tempfile.TemporaryDirectory(prefix="kouan-bench-") as place:
        with DataFolder(Path(place) / "gate") as folder:
            async with EmbeddedPostgres(folder).running() as server:
                version = _version(server)
                await _measure_gate(setting, parts, folder, server, tell)
        if "run" not in setting.skip:
            tell("time to the first cleared lorry")
            parts.run = await measure_first_cleared(Path(place) / "run", RUN_S)
    return {**figures(parts), "environment": {**environment(), "postgresql": version}}


async def _measure_gate(
    setting: BenchSetting, parts: Parts, folder: DataFolder, server: PostgresServer, tell: Tell
) -> None:
    if "latency" not in setting.skip:
        tell(f"latency through MQTT at {', '.join(map(str, setting.rates))} passages/s")
        parts.latency = await latency.measure(server, folder, setting.rates, setting.seconds, setting.seed)
    if "saturation" not in setting.skip:
        tell("saturation at the ingest boundary")
        dsn = await server.create_database("saturation")
        wanted = SaturationSetting(
            dsn=dsn,
            seed=setting.seed,
            lanes=setting.lanes,
            lorries=round(setting.seconds * SATURATION_LORRIES_A_S) + 3 * setting.lanes,
            seconds=setting.seconds,
        )
        parts.saturation = await ask("saturation", wanted, Saturation, STEP_WITHIN_S)
        if "floor" not in setting.skip:
            tell("storage floor with the same rows")
            found = parts.saturation
            parts.floor = await asyncio.to_thread(floor.measure, dsn, found.first, found.last)
    if "dbos" not in setting.skip:
        tell("the same ten durable steps on DBOS")
        await _measure_dbos(parts, server, tell)


async def _measure_dbos(parts: Parts, server: PostgresServer, tell: Tell) -> None:
    step_bytes = STEP_BYTES if parts.floor is None else parts.floor.bytes_a_passage // STEPS
    if not is_installed():
        tell("not measured: DBOS is not installed, it comes with the development dependencies")
        return
    setting = DurableSetting(await server.create_database("dbos"), step_bytes, DURABLE_S)
    parts.dbos = await ask("durable_steps", setting, DurableSteps, STEP_WITHIN_S)


STEP_BYTES = 1200
"""Bytes that a step records where the rows of a passage were not measured; as they are, a tenth of a passage's."""


def figures(parts: Parts) -> dict[str, Any]:
    """Return the figures by name."""
    rates = parts.latency.rates if parts.latency else ()
    found, lowest, peer, run = parts.saturation, parts.floor, parts.dbos, parts.run
    return {
        "p50_order_ms": {_name(each.rate): each.p50_ms for each in rates} or None,
        "p99_order_ms": {_name(each.rate): each.p99_ms for each in rates} or None,
        "saturation_per_s": round(found.per_s, 1) if found else None,
        "floor_per_s": round(lowest.per_s, 1) if lowest else None,
        "floor_ratio": _ratio(found.per_s, lowest.per_s) if found and lowest else None,
        "dbos_per_s": round(peer.per_s, 1) if peer else None,
        "dbos_ratio": _ratio(found.per_s, peer.per_s) if found and peer else None,
        "first_cleared_s": run.first_cleared_s if run else None,
        "port_rss_mb": run.port_rss_mb if run else None,
        "detail": msgspec.to_builtins(parts),
    }


def _ratio(one: float, other: float) -> float | None:
    return float(f"{one / other:.3g}") if other > 0 else None


def _name(rate: float) -> str:
    return f"{rate:g}"


def environment() -> dict[str, Any]:
    """Return what the figures depend on: machine, versions, commit, and how busy the machine was."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "kouan": importlib.metadata.version("kouan"),
        "commit": _commit(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "port": PORT,
        "executable": sys.executable,
    }


def _commit() -> str | None:
    """Return the commit of the checkout that this runs from, with a plus sign where files were changed."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(server: PostgresServer) -> str:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return "" if row is None else str(row[0])
