"""Vehicles that drive as they are granted: speed, braking and length, in small steps of time, and no broker between."""

import math
from collections.abc import Callable, Sequence

import msgspec

from kouan.fleet.motion import speed_within
from kouan.fleet.road.places import Link, PlaceGraph
from kouan.fleet.traffic.traffic import Grant, Traffic

STEP_S = 0.1
"""Seconds of a step. Our choice: a vehicle at 25 km/h drives 0.7 m in it."""

REPORT_S = 0.5
"""Seconds between two reports of where a vehicle is; that it reached or left a place is told at once. Our choice."""

NEAR_M = 0.01


class Body(msgspec.Struct):
    """One vehicle on the road: ``past_m`` metres beyond the place of visit ``at``, at ``speed_mps``."""

    vehicle: str
    at: int
    past_m: float = 0.0
    speed_mps: float = 0.0
    reported_m: float = 0.0
    cleared: bool = False
    grants: list[Grant] = msgspec.field(default_factory=list)
    served_at_s: float = math.inf


class Road:
    """The vehicles of one traffic, driving; ``more`` is told of each and the time, to send it on."""

    def __init__(self, traffic: Traffic, more: Callable[[str, float], None]) -> None:
        self.traffic = traffic
        self.now_s = 0.0
        self.served: list[tuple[float, str, int]] = []
        self._more = more
        self._bodies = {name: Body(name, course.first) for name, course in traffic.courses.by_vehicle.items()}
        self._links: Sequence[Link] = traffic.graph.links

    @property
    def graph(self) -> PlaceGraph:
        """The road's places and links."""
        return self.traffic.graph

    def body(self, vehicle: str) -> Body:
        """Return a vehicle as it is."""
        return self._bodies[vehicle]

    def run(self, until_s: float) -> None:
        """Drive until a time."""
        self._control()
        report_s = self.now_s
        while self.now_s < until_s:
            self.now_s += STEP_S
            told = [self._drive(body) for body in self._bodies.values() if body.grants or body.past_m]
            told += [self._serve(body) for body in self._bodies.values() if body.served_at_s <= self.now_s]
            if self.now_s >= report_s:
                report_s += REPORT_S
                for body in self._bodies.values():
                    body.reported_m = body.past_m
            if any(told):
                self._control()

    def _control(self) -> None:
        """Let traffic plan and grant, and begin service where a vehicle has come to stand at its goal."""
        for name in self._bodies:
            self._more(name, self.now_s)
        self.traffic.plan(self.now_s)
        for grant in self.traffic.grants():
            self._bodies[grant.vehicle].grants.append(grant)
        for name, body in self._bodies.items():
            goal = self.traffic.serving(name)
            if goal is not None and body.served_at_s == math.inf and not body.grants:
                body.served_at_s = self.now_s + goal.stay_s

    def _serve(self, body: Body) -> bool:
        body.served_at_s = math.inf
        goal = self.traffic.serving(body.vehicle)
        if goal is not None:
            self.served.append((self.now_s, body.vehicle, goal.place))
        self.traffic.served(body.vehicle)
        return True

    def _drive(self, body: Body) -> bool:
        """Drive one step; say whether a place was reached or left."""
        if not body.grants:
            return False
        vehicle, link = self.graph.vehicle, self._links[body.grants[0].link]
        may_m = self._may_drive(body)
        fastest = min(link.speed_mps, body.speed_mps + vehicle.gains_mps2 * STEP_S, speed_within(vehicle, may_m))
        moved = min(max(0.0, may_m), (body.speed_mps + fastest) / 2 * STEP_S)
        if may_m - moved < NEAR_M:
            moved, fastest = max(0.0, may_m), 0.0
        body.past_m, body.speed_mps = body.past_m + moved, fastest
        told = False
        if not body.cleared and body.past_m >= link.clear_m - NEAR_M:
            self.traffic.clear(body.vehicle, body.at)
            body.cleared = told = True
        if body.past_m >= link.length_m - NEAR_M:
            self._arrive(body, link)
            told = True
        return told

    def _arrive(self, body: Body, link: Link) -> None:
        grant = body.grants.pop(0)
        if not body.cleared:
            self.traffic.clear(body.vehicle, body.at)
        self.traffic.arrive(body.vehicle, grant.number)
        body.at, body.past_m, body.cleared = grant.number, max(0.0, body.past_m - link.length_m), False
        body.reported_m = 0.0
        if not body.grants:
            body.past_m, body.speed_mps = 0.0, 0.0

    def _may_drive(self, body: Body) -> float:
        """Return how many metres a vehicle may drive from where it is: to the end of what it was granted."""
        ahead, may = -body.past_m, math.inf
        for grant in body.grants:
            ahead += self._links[grant.link].length_m
            if grant.follows is not None:
                name, number = grant.follows
                leader = self._bodies[name]
                if leader.at == number and not leader.cleared:
                    behind_m = self.graph.vehicle.length_m + self.graph.vehicle.near_m
                    may = min(may, ahead + leader.reported_m - behind_m)
        return min(may, ahead)
