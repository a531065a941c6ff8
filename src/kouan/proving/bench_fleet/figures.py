"""The figures of ``kouan bench fleet``: throughput against its bound, and the layouts in which traffic locks."""

import itertools
from collections.abc import Callable
from typing import Any

import msgspec

from kouan.fleet.road.road_map import Vehicle
from kouan.proving.bench_fleet.layouts import line, tandem
from kouan.proving.bench_fleet.locking import Done, play, scenes
from kouan.proving.bench_fleet.throughput import Round, Throughput, drive_rounds

PARTS = ("tandem", "line", "locking")
SERVICES_S = (15.0, 30.0, 90.0)
"""Seconds of service at stations in a row, as asked for."""

LINE_VEHICLES = (24, 60, 100)
"""Vehicles on Ganqimaodu's line, as asked for; half of them on one lane out and one back."""

TANDEM_VEHICLES = 12
BAYS, CRANE_S, CHECKS_S = 10, 480.0, (30.0, 90.0)
"""Crane places at each end of two lanes, and seconds there and at the checks out and in. Our choice: a round of about
50 min on the empty road (published), and more crane places than the checks can fill."""


class BenchSetting(msgspec.Struct, frozen=True):
    """What to leave out, how many seeds a grid is played for, and for how many rounds throughput is counted."""

    skip: frozenset[str] = frozenset()
    seeds: int = 20
    rounds: float = 8.0
    line_rounds: float = 3.0


def measure(setting: BenchSetting, tell: Callable[[str], None]) -> dict[str, Any]:
    """Return all figures by name; what was left out is missing."""
    found: dict[str, Any] = {}
    if "tandem" not in setting.skip:
        found["tandem"] = [_tandem(service_s, setting, tell) for service_s in SERVICES_S]
    if "line" not in setting.skip:
        found["line"] = [_line(vehicles, setting, tell) for vehicles in LINE_VEHICLES]
    if "locking" not in setting.skip:
        played = []
        for name, group in itertools.groupby(scenes(setting.seeds), key=lambda scene: scene.name):
            tell(name)
            played.append(_together(name, [play(scene) for scene in group]))
        found["locking"] = played
    return found


def _tandem(service_s: float, setting: BenchSetting, tell: Callable[[str], None]) -> dict[str, Any]:
    tell(f"two stations of {service_s:g} s in a row")
    road, what = tandem(service_s, Vehicle()), Round((("S1",), ("S2",)), (service_s, service_s))
    return {"service_s": service_s, **_both(road, what, TANDEM_VEHICLES, 1.0, setting.rounds)}


def _line(vehicles: int, setting: BenchSetting, tell: Callable[[str], None]) -> dict[str, Any]:
    tell(f"Ganqimaodu's line with {vehicles} vehicles")
    cranes = [tuple(f"{end}{n + 1}" for n in range(BAYS)) for end in "FN"]
    what = Round((("check-out",), cranes[0], ("check-in",), cranes[1]), (CHECKS_S[0], CRANE_S, CHECKS_S[1], CRANE_S))
    road = line(BAYS, CRANE_S, CHECKS_S, Vehicle())
    return {"all_vehicles": vehicles, **_both(road, what, vehicles // 2, 1.0, setting.line_rounds)}


def _both(road: Any, what: Round, vehicles: int, warm: float, rounds: float) -> dict[str, Any]:
    """Drive with tail release and with exclusive cells, on the same road."""
    tail, cells = (
        drive_rounds(road, what, vehicles, warm_rounds=warm, rounds=rounds, follow=follow) for follow in (True, False)
    )
    return {**msgspec.to_builtins(tail), "cells": _short(cells), "to_cells": round(tail.ratio / cells.ratio, 3)}


def _short(found: Throughput) -> dict[str, float]:
    return {"rounds_an_hour": found.rounds_an_hour, "ratio": found.ratio}


def _together(name: str, played: list[Done]) -> dict[str, Any]:
    return {
        "name": name,
        "runs": len(played),
        "done": sum(each.done for each in played),
        "total": sum(each.total for each in played),
        "slowest_s": max(each.seconds for each in played),
    }
