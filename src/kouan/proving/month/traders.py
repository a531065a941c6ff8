"""Who sends lorries through the month: the simulated trade, its fraudsters with their strategies, brokers' slips."""

import datetime as dt
from collections.abc import Mapping, Sequence
from random import Random

import msgspec
from stdnum.cn import uscc

from kouan.proving.month.setting import DAY_US, FIRMS_PER_LORRY_A_DAY, HOUR_US, MonthSetting
from kouan.proving.month.trips import OF_TRICK, Slip, Strategy, Trip
from kouan.simulator import identities
from kouan.simulator.people import make_person
from kouan.simulator.trade.market import CHINA_US, Market, TradeSetting
from kouan.simulator.trade.shipments import Shipment
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.identifiers import DeclarationNumber
from kouan.vocabulary.places import Direction

HERE: Mapping[str, tuple[str, str]] = {"2529220000": ("2602000000", "manganese ore")}
"""What half of a ware's importers bring here instead: the trade has no manganese, which has a regime of its own."""

CUNNING_PM, LIES_PM = 120, 350
"""Firms in per mille that deceive by the month's own strategies, and how often in per mille. Our choice."""

LEAST_TRADE = 80
"""Fewest shipments a day of the trade behind a month, of which a smaller month sees a part. Our choice."""

CUNNING = (
    Strategy.UNDERVALUED, Strategy.OUT_OF_LIMITS, Strategy.SWAPPED_CERTIFICATE, Strategy.REPEATED_PERMIT,
    Strategy.PROBING,
)  # fmt: skip

SLIPS_PM: Mapping[Slip, int] = {
    Slip.WRONG_MASS: 15,
    Slip.LATE_PAPERS: 20,
    Slip.LATE_FULL_DECLARATION: 20,
    Slip.NO_FULL_DECLARATION: 10,
    Slip.WRONG_CODE: 10,
    Slip.EXPIRED_PERMIT: 10,
}
"""How many honest brokers in per mille make which error. Our choice."""

TWO_STEP_PM, QUALITY_PM = 120, 100
"""Declarations in two steps, and lots whose consignee asks for a test where the rule leaves it to him. Our choice."""

LICENSED = ("02", "2603")
"""Goods, by the beginning of their codes, that are drawn on an import licence here. Our choice."""

FIRST_H = 9
"""Hour of the day in which the first lorries arrive: their papers come from 08:00 on, an hour before them."""

WINDOWS_H = (0, 3, 6, 9)
"""Beginnings of the parts of a day, in hours after the first, between which a prober chooses. Our choice."""

UNDERVALUED = (0.45, 0.75)
"""Between which parts of its true value a lot is declared by who undervalues. Our choice."""

TARE_KG = (24_000, 33_000)
"""Between which an empty lorry weighs, with its trailer. Our choice."""

AXLES = 11
"""Of a coal road train (``simulator.goods.DOUBLE_TRAILER``)."""

ROUNDED_KG = 20
"""Division of the weighbridges, in kilograms (``ports/ganqimaodu.toml``)."""


class _Probe(msgspec.Struct):
    """What a prober has seen of one part of the day: how many it sent, and how many were looked into."""

    sent: int = 0
    looked: int = 0


class Drawn(msgspec.Struct, frozen=True):
    """What the trade brought forth for one lorry, so that another run can see the very same."""

    shipment: Shipment
    strategy: Strategy | None
    arrives_at: Instant


class Traders:
    """The source of every lorry; what customs found is told to it by ``caught`` and ``seen``.

    ``drawn`` are the lorries so far, day by day. Made with those of another run, it brings them again, whatever
    customs finds this time.
    """

    def __init__(self, setting: MonthSetting, office: str, again: Sequence[Sequence[Drawn]] = ()) -> None:
        self.drawn: list[list[Drawn]] = []
        self._again = again
        self._setting = setting
        self._office = office
        self._a_day = max(setting.a_day, LEAST_TRADE)
        firms = round(self._a_day * FIRMS_PER_LORRY_A_DAY)
        start = setting.day - dt.timedelta(days=setting.before_days)
        trade = TradeSetting(firms=firms, shipments_a_day=self._a_day, start=start.isoformat())
        self._market = Market(trade, Random(f"trade/{setting.seed}"))
        self._used: set[str] = set()
        self._plates = Random(f"plates/{setting.seed}")
        self._count = 0
        self._probes: dict[str, dict[int, _Probe]] = {}

    def day(self, day: int) -> list[Trip]:
        """Return the lorries of a day, counted from the first before the month; ask for one day after the other."""
        found = list(self._again[day]) if self._again else [self._draw(each) for each in self._shipments(day)]
        self.drawn.append(found)
        return [self._trip(each) for each in found]

    def _shipments(self, day: int) -> list[Shipment]:
        """Return the trade's shipments of a day, or in a small month every so many of them."""
        made = self._market.day(day)
        wanted = max(1, round(len(made) * self._setting.a_day / self._a_day))
        return [made[place * len(made) // wanted] for place in range(wanted)]

    def caught(self, trip: Trip) -> None:
        """Learn that an offence was found: the trade's own fraudsters change their trick."""
        if trip.shipment.trick is not None and not self._again:
            self._market.caught(trip.shipment)

    def seen(self, trip: Trip, *, looked: bool) -> None:
        """Let a prober learn whether its lorry was looked into."""
        probe = self._probe(trip.shipment.importer, self._window(trip.arrives_at))
        probe.sent += 1
        probe.looked += looked

    def _draw(self, shipment: Shipment) -> Drawn:
        shipment = self._ported(shipment)
        chance = Random(f"lie/{self._setting.seed}/{shipment.number}")
        strategy = OF_TRICK.get(shipment.trick) if shipment.trick is not None else self._cunning(shipment, chance)
        return Drawn(shipment, strategy, self._when(shipment, strategy))

    def _trip(self, drawn: Drawn) -> Trip:
        self._count += 1
        number = f"{self._count:06d}"
        chance = Random(f"trip/{self._setting.seed}/{number}")
        shipment, strategy = drawn.shipment, drawn.strategy
        year = self._setting.day.year
        driver = make_person(chance, "MNG", shipment.at)
        trip = Trip(
            number=number,
            shipment=shipment,
            chance=chance,
            plate=identities.unused(identities.mongolian_plate, self._plates, self._used),
            trailer=identities.unused(identities.mongolian_trailer_plate, self._plates, self._used),
            driver=driver.name,
            document=driver.document_number,
            declaration=DeclarationNumber.make(self._office, year, Direction.IN, self._count),
            importer=credit_code(shipment.importer),
            code=shipment.hs_code,
            goods=shipment.goods,
            declared_kg=_declared_kg(shipment),
            value_fen=_value_fen(shipment, strategy, self._setting.seed),
            tare_kg=round(chance.uniform(*TARE_KG)),
            seal=identities.seal_number(chance),
            arrives_at=drawn.arrives_at,
            strategy=strategy,
            asks_quality=chance.randrange(1000) < QUALITY_PM,
            two_step=chance.randrange(1000) < TWO_STEP_PM,
            within_limits=strategy is not Strategy.OUT_OF_LIMITS,
            versions={},
        )
        _slip(trip)
        return trip

    def _ported(self, shipment: Shipment) -> Shipment:
        here = HERE.get(shipment.hs_code)
        if here is None or int(shipment.importer[-1]) % 2:
            return shipment
        return msgspec.structs.replace(shipment, hs_code=here[0], goods=here[1], true_hs_code=here[0])

    def _cunning(self, shipment: Shipment, chance: Random) -> Strategy | None:
        """Return the strategy of one of the month's own fraudsters, None for an honest lorry."""
        firm = Random(f"firm/{self._setting.seed}/{shipment.importer}")
        deceives, strategy = firm.randrange(1000) < CUNNING_PM, firm.choice(CUNNING)
        if not deceives:
            return None
        if shipment.hs_code.startswith(LICENSED) and strategy is not Strategy.PROBING:
            strategy = Strategy.REPEATED_PERMIT
        if strategy is Strategy.PROBING:
            return strategy if self._is_rare(shipment) else None
        if strategy is Strategy.REPEATED_PERMIT and not shipment.hs_code.startswith(LICENSED):
            strategy = Strategy.OUT_OF_LIMITS
        return strategy if chance.randrange(1000) < LIES_PM else None

    def _is_rare(self, shipment: Shipment) -> bool:
        """Say whether a prober takes its chance: it has tried, and now comes when it was looked into least."""
        known = self._probes.get(shipment.importer, {})
        return sum(each.sent for each in known.values()) >= len(WINDOWS_H)

    def _when(self, shipment: Shipment, strategy: Strategy | None) -> Instant:
        """Return when a lorry arrives: as the trade has it, a prober's in the part of a day looked into least."""
        if strategy is not Strategy.PROBING:
            return shipment.at + HOUR_US  # an hour on the road after its papers
        probes = {start: self._probe(shipment.importer, start) for start in WINDOWS_H}
        best = min(WINDOWS_H, key=lambda start: (probes[start].looked / max(1, probes[start].sent), start))
        opens = shipment.at - (shipment.at + CHINA_US) % DAY_US + FIRST_H * HOUR_US
        return opens + best * HOUR_US + shipment.at % HOUR_US

    def _window(self, at: int) -> int:
        hour = (at + CHINA_US) % DAY_US // HOUR_US - FIRST_H
        return max((start for start in WINDOWS_H if start <= hour), default=0)

    def _probe(self, importer: str, window: int) -> _Probe:
        return self._probes.setdefault(importer, {}).setdefault(window, _Probe())


def credit_code(importer: str) -> str:
    """Return the credit code of a simulated firm: Bayannur's, with its number in the trade."""
    stem = f"91150825MA{int(importer.rpartition('-')[2]):07d}"
    return stem + uscc.calc_check_digit(stem)


def day_text(at: int) -> str:
    """Return the day of an instant in China, as papers write it."""
    return dt.datetime.fromtimestamp((at + CHINA_US) // SECOND, dt.UTC).date().isoformat()


def _declared_kg(shipment: Shipment) -> int:
    """Return what a broker declares: as the trade has it, but an exact loading ticket rounded up a little.

    The yard weighs in steps of 20 kg, and nothing above the declared mass is written off.
    """
    if abs(shipment.gross_kg - shipment.true_kg) > ROUNDED_KG:
        return shipment.gross_kg
    return -(-(shipment.true_kg + ROUNDED_KG) // ROUNDED_KG) * ROUNDED_KG


def _value_fen(shipment: Shipment, strategy: Strategy | None, seed: int) -> int:
    """Return the value that is declared: the trade's, but of who undervalues a part of it."""
    if strategy is not Strategy.UNDERVALUED:
        return shipment.value_fen
    return round(shipment.value_fen * Random(f"value/{seed}/{shipment.number}").uniform(*UNDERVALUED))


def _slip(trip: Trip) -> None:
    """Let a broker make an error or two; who deceives takes care not to be seen by one."""
    chance = trip.chance
    drawn = [slip for slip, pm in SLIPS_PM.items() if chance.randrange(1000) < pm]
    if trip.strategy is not None:
        return
    licensed = trip.code.startswith(LICENSED)
    trip.slips = frozenset(slip for slip in drawn if slip is not Slip.EXPIRED_PERMIT or licensed)
    if Slip.WRONG_MASS in trip.slips:
        trip.declared_kg = round(round(trip.true_kg * chance.choice((0.92, 0.95, 1.06))), -1)
    if {Slip.LATE_FULL_DECLARATION, Slip.NO_FULL_DECLARATION} & trip.slips:
        trip.two_step = True
