"""What must hold of quantities (I16) and of agencies' words (I12) in a month, checked at every entry."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from kouan.proving.month.setting import DAY_US
from kouan.proving.observations import Checker, Observation, on
from kouan.simulator.trade.market import CHINA_US
from kouan.vocabulary.clock import SECOND, Instant

_BULK = ("10", "26", "2701", "2702", "2704", "2709", "2710", "31")
"""Goods of which 3 % more than declared may come, reckoned apart from the port's list of goods in bulk."""


class _Granted(msgspec.Struct):
    """What a paper grants under one item, between which instants, and how much was taken."""

    granted_kg: int
    valid_from: Instant = 0
    valid_until: Instant = 2**62
    taken_kg: int = 0


class NetWithinPapers(Checker):
    """I16, for net mass."""

    invariant: ClassVar[str] = "I16"
    promise: ClassVar[str] = (
        "what is written off against a declaration's line, a licence or a certificate stays within what the paper "
        "grants, and goods in bulk within 3 % more than declared, while it is valid; each weighing ticket counts once, "
        "and no balance is ever below nought"
    )

    def __init__(self) -> None:
        super().__init__()
        self._papers: dict[tuple[str, str, str], _Granted] = {}
        self._tickets: set[str] = set()

    @on("papers.declaration/1")
    def declared(self, seen: Observation) -> None:
        """A declaration, or its next version, grants the mass of its lines."""
        for line in seen.body["lines"]:
            permille = 1030 if line["hs_code"].startswith(_BULK) else 1000
            most_kg = line["net_kg"] * permille // 1000
            self._grant("declaration", seen.body["number"], str(line["line"]), _Granted(most_kg))

    @on("papers.licence/1")
    def licensed(self, seen: Observation) -> None:
        """A licence grants its mass, with what may come over it."""
        paper = seen.body
        most_kg = paper["mass_kg"] * (1000 + paper.get("overrun_permille", 0)) // 1000
        span = _midnight(paper["valid_from"]), _midnight(paper["valid_until"]) + DAY_US
        self._grant("licence", paper["number"], "all", _Granted(most_kg, *span))

    def _grant(self, kind: str, number: str, item: str, granted: _Granted) -> None:
        before = self._papers.get((kind, number, item))
        granted.taken_kg = 0 if before is None else before.taken_kg
        self._papers[kind, number, item] = granted

    @on("papers.net_written_off/1")
    def written_off(self, seen: Observation) -> None:
        """Net mass is written off."""
        ticket = seen.body["ticket"]
        if ticket in self._tickets:
            self.violated(seen, f"ticket {ticket} is written off twice", ticket=ticket)
        self._tickets.add(ticket)
        for part in seen.body["parts"]:
            self._take(seen, part)

    def _take(self, seen: Observation, part: Mapping[str, Any]) -> None:
        granted = self._papers.get((part["kind"], part["number"], part["item"]))
        name = f"{part['kind']} {part['number']}/{part['item']}"
        if granted is None:
            self.violated(seen, f"{part['net_kg']} kg are written off {name}, which nobody handed in", paper=name)
            return
        granted.taken_kg += part["net_kg"]
        if part["net_kg"] <= 0 or granted.taken_kg > granted.granted_kg:
            text = f"{granted.taken_kg} kg are written off {name}, which grants {granted.granted_kg} kg"
            self.violated(seen, text, paper=name)
        if not granted.valid_from <= seen.body["at"] < granted.valid_until:
            self.violated(seen, f"{name} is drawn on when it is not valid", paper=name)


class OwnWordOnly(Checker):
    """I12, beyond the gate."""

    invariant: ClassVar[str] = "I12"
    promise: ClassVar[str] = (
        "an agency answers its own control orders and lifts no other's, each with a reason; a hold on goods is lifted "
        "by two people"
    )

    def __init__(self) -> None:
        super().__init__()
        self._orders: dict[str, str] = {}
        self._lifting: dict[str, str] = {}

    @on("papers.order_placed/1")
    def placed(self, seen: Observation) -> None:
        """A control order stands."""
        self._orders[seen.body["number"]] = seen.body["authority"]

    @on("papers.order_lifted/1")
    def lifted(self, seen: Observation) -> None:
        """A control order is lifted."""
        body = seen.body
        if self._orders.get(body["number"]) != body["authority"] or not body["reason"].strip():
            text = f"{body['number']} of {self._orders.get(body['number'])} is lifted by {body['authority']}"
            self.violated(seen, text, order=body["number"])

    @on("examination.answered/1")
    def answered(self, seen: Observation) -> None:
        """An agency answers an order at an examination."""
        said = seen.body["answer"]
        owner = self._orders.get(said["ask"])
        if owner != said["agency"] or not said["reason"].strip():
            self.violated(seen, f"{said['agency']} answers {said['ask']}, which {owner} placed", order=said["ask"])

    @on("release.lift_asked/1")
    def asked(self, seen: Observation) -> None:
        """An officer asks that a hold on goods be lifted."""
        self._lifting[seen.data.stream] = seen.body["by"]

    @on("release.moved/1")
    def moved(self, seen: Observation) -> None:
        """A hold on goods is lifted."""
        fact = seen.body["fact"]
        if isinstance(fact, Mapping) and fact["type"] == "hold_lifted":
            first = self._lifting.pop(seen.data.stream, None)
            if first is None or fact["second"] == first:
                text = f"the hold on {seen.data.stream} is lifted by {first} and {fact['second']}"
                self.violated(seen, text, lot=seen.data.stream)


def _midnight(day: str) -> Instant:
    """Return when a day begins in China, reckoned apart from ``vocabulary.days``."""
    begins = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)
    return round(begins.timestamp()) * SECOND - CHINA_US
