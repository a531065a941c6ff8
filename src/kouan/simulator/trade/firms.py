"""Who trades: importers with their habits, and the partners that they share with one another."""

from random import Random

import msgspec

from kouan.simulator.trade.goods import BY_CODE, WARES, Ware
from kouan.simulator.trade.shipments import Trick

PLACES = ("Tavan Tolgoi", "Oyu Tolgoi", "Tsagaan Khad", "Dalanzadgad", "Ulaanbaatar", "Choibalsan", "Darkhan")
"""Where goods are loaded."""

YARDS = ("yard A", "yard B", "yard C", "inland depot")
"""Where they are unloaded."""


MOST_WEIGHT = 40
"""Largest weight of a firm, ten times the smallest. Our choice: no single firm makes a port's offence rate."""


class Habit(msgspec.Struct, frozen=True):
    """What a firm does again and again: whose goods of which kind, by which way, with how many lines of papers."""

    ware: Ware
    exporter: str
    route: str
    price_pm: int
    load_pm: int


class Firm(msgspec.Struct):
    """An importer. ``tricks`` are what it does in turn, each until it was caught; empty where it is honest.

    ``weight`` is its share of the trade, ``lies_pm`` how many of its shipments in per mille are false. ``caught``
    counts how often an examination found it out, ``until`` is the day on which it closed.
    """

    name: str
    agent: str
    carrier: str
    plates: tuple[str, ...]
    habits: tuple[Habit, ...]
    weight: int
    tricks: tuple[Trick, ...] = ()
    lies_pm: int = 0
    caught: int = 0
    since: int = 0
    until: int | None = None

    @property
    def trick(self) -> Trick | None:
        """What it does now: the next trick after each time that it was caught."""
        return self.tricks[self.caught % len(self.tricks)] if self.tricks else None


class Partners(msgspec.Struct, frozen=True):
    """Exporters, agents and carriers with their plates: many firms share them, honest and false alike."""

    exporters: tuple[str, ...]
    agents: tuple[str, ...]
    carriers: tuple[str, ...]
    plates: dict[str, tuple[str, ...]]


def partners(random: Random, firms: int) -> Partners:
    """Return partners for so many firms."""
    carriers = tuple(f"CARRIER-{place:03d}" for place in range(max(6, firms // 5)))
    plates = {name: tuple(f"{random.randrange(10_000):04d} {name[-3:]}" for _ in range(12)) for name in carriers}
    return Partners(
        exporters=tuple(f"EXPORTER-{place:03d}" for place in range(max(8, firms // 3))),
        agents=tuple(f"AGENT-{place:03d}" for place in range(max(5, firms // 8))),
        carriers=carriers,
        plates=plates,
    )


def found_firm(random: Random, name: str, around: Partners, since: int) -> Firm:
    """Return a new honest firm with habits of its own."""
    carrier = random.choice(around.carriers)
    wares = random.choices(WARES, [ware.share for ware in WARES], k=random.choice((1, 1, 2, 3)))
    return Firm(
        name=name,
        agent=random.choice(around.agents),
        carrier=carrier,
        plates=tuple(random.sample(around.plates[carrier], 4)),
        habits=tuple(_habit(random, ware, around) for ware in {ware.hs_code: ware for ware in wares}.values()),
        weight=min(MOST_WEIGHT, round(random.paretovariate(1.3) * 4)),
        since=since,
    )


def successor(random: Random, firm: Firm, name: str, since: int) -> Firm:
    """Return a new firm behind which an old one stands: another name, often the same partners, trucks and ways."""
    kept = firm.plates if random.random() < 0.7 else firm.plates[:1]
    return Firm(
        name=name,
        agent=firm.agent,
        carrier=firm.carrier,
        plates=kept,
        habits=firm.habits,
        weight=firm.weight,
        tricks=firm.tricks[1:] + firm.tricks[:1],
        lies_pm=firm.lies_pm,
        since=since,
    )


def cover_for(ware: Ware) -> Ware:
    """Return the goods as which some are passed off."""
    return BY_CODE[ware.covers] if ware.covers is not None else ware


def _habit(random: Random, ware: Ware, around: Partners) -> Habit:
    route = f"{random.choice(PLACES)} → {random.choice(YARDS)}"
    return Habit(
        ware,
        random.choice(around.exporters),
        route,
        round(random.gauss(1000, ware.spread_pm)),
        random.randint(930, 1060),
    )
