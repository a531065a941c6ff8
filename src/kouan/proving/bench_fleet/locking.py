"""Layouts in which traffic locks: every vehicle has jobs, those without stand in the way, and all jobs must be done."""

import itertools
from collections.abc import Mapping
from random import Random

import msgspec

from kouan.fleet.road.places import PlaceGraph, lay_out
from kouan.fleet.traffic.courses import Goal
from kouan.fleet.traffic.traffic import Traffic
from kouan.proving.bench_fleet.drive import Road
from kouan.proving.bench_fleet.layouts import corridor, grid, roundabout, sections

WITHIN_S = 7_200.0
"""Seconds in which all jobs must be done. Our choice: many times what the slowest of them took."""


class Scene(msgspec.Struct, frozen=True):
    """Where each vehicle stands, and to which places it is sent, one after the other."""

    name: str
    graph: PlaceGraph
    stands: Mapping[str, str]
    jobs: Mapping[str, tuple[str, ...]]

    @property
    def total(self) -> int:
        """How many jobs there are."""
        return sum(map(len, self.jobs.values()))


class Done(msgspec.Struct, frozen=True):
    """What came of a scene: jobs done of all, and the seconds until the last."""

    name: str
    done: int
    total: int
    seconds: float


def scenes(seeds: int) -> list[Scene]:
    """Return the deadlock set; each grid for as many seeds."""
    tight = [
        Scene("swap in a corridor", lay_out(corridor()), {"a": "c0", "b": "c5"}, {"a": ("c5",), "b": ("c0",)}),
        Scene(
            "two single-track sections",
            lay_out(sections()),
            {"a": "w1", "b": "w2", "c": "e1", "d": "e2"},
            {"a": ("e1", "w1"), "b": ("e2", "w2"), "c": ("w1", "e1"), "d": ("w2", "e2")},
        ),
        Scene(
            "roundabout",
            lay_out(roundabout()),
            {name: f"a{2 * n}" for n, name in enumerate("abcd")},
            {name: tuple(f"a{2 * ((n + k) % 4)}" for k in (2, 1, 3, 0)) for n, name in enumerate("abcd")},
        ),
    ]
    square = lay_out(grid(6))
    return [*tight, *(_grid(square, count, seed) for count, seed in itertools.product((2, 4, 8, 12), range(seeds)))]


def _grid(square: PlaceGraph, count: int, seed: int) -> Scene:
    """Return a grid with vehicles that do five jobs each; whoever is done stands in the way of the others."""
    chance = Random(f"grid/{count}/{seed}")
    names = [place.name for place in square.places]
    stands = dict(zip((f"v{n}" for n in range(count)), chance.sample(names, count), strict=True))
    jobs = {}
    for vehicle, at in stands.items():
        chosen = [at]
        for _ in range(5):
            chosen.append(chance.choice([name for name in names if name != chosen[-1]]))
        jobs[vehicle] = tuple(chosen[1:])
    return Scene(f"grid of 6 by 6, {count} vehicles", square, stands, jobs)


def play(scene: Scene, seed: int = 1) -> Done:
    """Let all jobs of a scene be done, or time run out; a vehicle whose jobs are done stays where it is."""
    traffic = Traffic(scene.graph, Random(seed))
    for vehicle, name in scene.stands.items():
        traffic.enter(vehicle, scene.graph.place(name).index)
        traffic.send(vehicle, [Goal(scene.graph.place(job).index, 5.0) for job in scene.jobs[vehicle]])
    road = Road(traffic, lambda _, __: None)
    while len(road.served) < scene.total and road.now_s < WITHIN_S:
        road.run(road.now_s + 60.0)
    return Done(scene.name, len(road.served), scene.total, round(road.served[-1][0] if road.served else 0.0, 1))
