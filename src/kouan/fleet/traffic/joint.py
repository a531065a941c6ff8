"""Ways for many vehicles at once, where no single one gets through: a search over where all of them stand.

Lazy constraints addition search (LaCAM, Okumura, AAAI 2023) with priority inheritance (PIBT, Okumura et al., 2022) as
its generator: it finds a way wherever there is one. Two rules are stricter than theirs, because vehicles have length:
nobody enters a place in the step in which another leaves it, and links that share a zone are not driven in one step.
"""

import collections
import itertools
import math
from collections.abc import Mapping, Sequence
from random import Random

import msgspec

from kouan.fleet.road.places import PlaceGraph
from kouan.fleet.traffic.free_windows import least_times

MOVES = 300
"""Configurations that are looked at before a search is given up. Our choice: some tenths of a second."""

Stand = tuple[int, ...]
"""Where each vehicle stands, by its number."""


class Move(msgspec.Struct, frozen=True):
    """In one step, a vehicle drives one link."""

    step: int
    vehicle: str
    link: int


class _Choice(msgspec.Struct, frozen=True):
    """Who must go where in the next step; the vehicles are the first of the node's order."""

    to: tuple[int, ...] = ()


class _Node(msgspec.Struct):
    stand: Stand
    before: "_Node | None"
    urgency: list[float]
    order: list[int]
    choices: collections.deque[_Choice]


def joint_moves(
    graph: PlaceGraph,
    stands: Mapping[str, int],
    goals: Mapping[str, int],
    blocked: frozenset[int],
    chance: Random,
    moves: int = MOVES,
) -> list[Move] | None:
    """Return moves after which each vehicle with a goal stands in it; those without stand somewhere. None without any.

    ``stands`` is where each vehicle stands; two goals are never the same place; nobody enters a ``blocked`` one.
    """
    return _Lacam(graph, stands, goals, blocked, chance).run(moves)


class _Lacam:
    def __init__(
        self,
        graph: PlaceGraph,
        stands: Mapping[str, int],
        goals: Mapping[str, int],
        blocked: frozenset[int],
        chance: Random,
    ) -> None:
        self._graph = graph
        self._names = list(stands)
        self._start = tuple(stands.values())
        self._goals = [goals.get(name) for name in self._names]
        self._chance = chance
        self._onward = [
            [(graph.links[n].end, n) for n in out if graph.links[n].end not in blocked] for out in graph.out
        ]
        self._far = [
            [0.0] * len(graph.places) if goal is None else least_times(graph, goal, blocked) for goal in self._goals
        ]

    def run(self, moves: int) -> list[Move] | None:
        if any(far[at] == math.inf for far, at in zip(self._far, self._start, strict=True)):
            return None
        first = self._node(self._start, None)
        known = {self._start: first}
        stack = [first]
        while stack and len(known) < moves:
            node = stack[-1]
            if self._reached(node.stand):
                return self._moves(node)
            if not node.choices:
                stack.pop()
                continue
            choice = node.choices.popleft()
            self._branch(node, choice)
            stand = _Step(self._graph, self._onward, self._far, node, choice, self._chance).run()
            if stand is None:
                continue
            if stand in known:
                stack.append(known[stand])
            else:
                known[stand] = self._node(stand, node)
                stack.append(known[stand])
        return None

    def _reached(self, stand: Stand) -> bool:
        return all(goal is None or goal == at for goal, at in zip(self._goals, stand, strict=True))

    def _node(self, stand: Stand, before: _Node | None) -> _Node:
        """Who is not yet where it should be becomes more urgent with each step, so that nobody yields for ever."""
        far = [each[at] for each, at in zip(self._far, stand, strict=True)]
        if before is None:
            urgency = [0.0 if goal is None else 1 + way * 1e-6 for goal, way in zip(self._goals, far, strict=True)]
        else:
            urgency = [
                known + 1.0 if distance > 0 else known % 1.0
                for known, distance in zip(before.urgency, far, strict=True)
            ]
        order = sorted(range(len(stand)), key=lambda n: (-urgency[n], n))
        return _Node(stand, before, urgency, order, collections.deque([_Choice()]))

    def _branch(self, node: _Node, choice: _Choice) -> None:
        depth = len(choice.to)
        if depth < len(node.order):
            at = node.stand[node.order[depth]]
            options = [at, *(place for place, _ in self._onward[at])]
            self._chance.shuffle(options)
            node.choices.extend(_Choice((*choice.to, to)) for to in options)

    def _moves(self, node: _Node) -> list[Move]:
        chain = [node]
        while chain[-1].before is not None:
            chain.append(chain[-1].before)
        chain.reverse()
        found = []
        for step, (one, other) in enumerate(itertools.pairwise(chain)):
            for name, at, to in zip(self._names, one.stand, other.stand, strict=True):
                if at != to:
                    found.append(Move(step, name, next(n for place, n in self._onward[at] if place == to)))
        return found


class _Step:
    """One step of all vehicles: each goes where it wants, and asks who stands there to go on first."""

    def __init__(
        self,
        graph: PlaceGraph,
        onward: Sequence[Sequence[tuple[int, int]]],
        far: Sequence[Sequence[float]],
        node: _Node,
        choice: _Choice,
        chance: Random,
    ) -> None:
        self._graph = graph
        self._onward = onward
        self._far = far
        self._node = node
        self._forced = dict(zip(node.order, choice.to, strict=False))
        self._chance = chance
        self._at = {place: n for n, place in enumerate(node.stand)}
        self._stood = {zone: n for n, place in enumerate(node.stand) for zone in graph.places[place].zones}
        self._to: dict[int, int] = {}
        self._taken: set[int] = set()
        self._zones: set[int] = set()

    def run(self) -> Stand | None:
        for n, to in self._forced.items():
            link = self._link(n, to)
            if not self._may(n, to, link):
                return None
            self._go(n, to, link)
        for n in self._node.order:
            if n not in self._to:
                self._settle(n, ())
        return tuple(self._to[n] for n in range(len(self._node.stand)))

    def _settle(self, n: int, askers: tuple[int, ...]) -> bool:
        """Let a vehicle choose; say whether it leaves its place. ``askers`` wait for each other in turn."""
        at, far = self._node.stand[n], self._far[n]
        options = [*((place, link) for place, link in self._onward[at]), (at, None)]
        self._chance.shuffle(options)
        asked = bool(askers)
        options.sort(key=lambda each: (asked and each[1] is None, far[each[0]]))
        for to, link in options:
            if link is None:
                break
            if self._may(n, to, link):
                self._go(n, to, link)
                return True
            other = self._at.get(to, n)
            if other != n and other not in self._to and other not in askers:
                self._settle(other, (*askers, n))
            if other != n and self._to.get(other, to) != to:
                break  # it goes on, and its place is free in the next step
        self._go(n, at, None)
        return False

    def _link(self, n: int, to: int) -> int | None:
        at = self._node.stand[n]
        return None if to == at else next(link for place, link in self._onward[at] if place == to)

    def _may(self, n: int, to: int, link: int | None) -> bool:
        if to in self._taken or self._at.get(to, n) != n:
            return False
        if link is None:
            return True
        on_the_way = self._graph.links[link].zones
        if any(self._stood.get(zone, n) != n for zone in on_the_way):
            return False
        return self._zones.isdisjoint((*on_the_way, *self._graph.places[to].zones))

    def _go(self, n: int, to: int, link: int | None) -> None:
        self._to[n] = to
        self._taken.add(to)
        if link is not None:
            self._zones.update(self._graph.links[link].zones)
            self._zones.update(self._graph.places[to].zones)
