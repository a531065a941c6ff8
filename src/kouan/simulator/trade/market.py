"""The trade of a port, day by day: honest firms and fraudsters, and those who learn from being caught."""

import copy
import datetime as dt
from collections.abc import Iterator
from random import Random

import msgspec

from kouan.simulator.trade.firms import Firm, Habit, Partners, found_firm, partners, successor
from kouan.simulator.trade.goods import WARES, in_season
from kouan.simulator.trade.shipments import Shipment, Trick

DAY_US = 86_400_000_000
OPENS_US, CLOSES_US = 8 * 3_600_000_000, 20 * 3_600_000_000
"""Opening hours after midnight, in microseconds (``calibration.md``: opens 08:00)."""

CHINA_US = 8 * 3_600_000_000
"""How far China's clocks are ahead of UTC, in microseconds."""

OLD_TRICKS = (Trick.UNDER_WEIGHT, Trick.MISDECLARED_CODE, Trick.SPLIT, Trick.IMITATION)
"""What fraudsters know from the beginning."""

CAUGHT_BEFORE_CLOSING = 4
"""How often a firm is caught before its owners close it and found another. Our choice."""

MISDECLARABLE = tuple(ware for ware in WARES if ware.covers is not None)


class TradeSetting(msgspec.Struct, frozen=True, kw_only=True):
    """How large the trade is and how much of it is false. All figures are our choice.

    ``false_firms_pm`` is the share of firms that deceive, ``founded_pm`` how many honest firms are founded a day, per
    mille of all. On ``drift_day`` (None: never) the trade changes: fraudsters take to a new trick, new ones come, and,
    unless it is a ``quiet_drift``, prices move too.
    """

    firms: int = 240
    shipments_a_day: int = 320
    false_firms_pm: int = 90
    founded_pm: int = 2
    start: str = "2025-01-01"
    drift_day: int | None = None
    quiet_drift: bool = False


class Market:
    """The simulated trade; what customs found out is told to it by ``caught``."""

    def __init__(self, setting: TradeSetting, random: Random) -> None:
        self._setting = setting
        self._random = random
        self._around: Partners = partners(random, setting.firms)
        self._firms: list[Firm] = []
        self._by_name: dict[str, Firm] = {}
        self._moods = {ware.hs_code: 1.0 for ware in WARES}
        self._count = 0
        self._start = dt.date.fromisoformat(setting.start)
        false = setting.firms * setting.false_firms_pm // 1000
        for place in range(setting.firms):
            self._found(self._new_firm(since=-random.randrange(400), false=place < false))

    def becoming(self, setting: TradeSetting) -> "Market":
        """Return a copy of the trade as it stands, that goes on under another setting."""
        other = copy.deepcopy(self)
        other._setting = setting  # noqa: SLF001 - its own copy
        return other

    def day(self, day: int) -> list[Shipment]:
        """Return the shipments of a day, in the order of their papers; days must be asked for one after the other."""
        self._change(day)
        date = self._start + dt.timedelta(days=day)
        midnight = round(dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC).timestamp()) * 1_000_000
        quiet = 0.6 if date.weekday() == 6 else 1.0
        made: list[Shipment] = []
        wanted = max(1, round(self._random.gauss(self._setting.shipments_a_day * quiet, 20)))
        open_firms = [firm for firm in self._firms if firm.until is None]
        chosen = self._random.choices(open_firms, [firm.weight for firm in open_firms], k=wanted)
        traded = {ware.hs_code for ware in in_season(date.month)}
        for firm in chosen:
            if len(made) >= wanted:
                break
            habits = [habit for habit in firm.habits if habit.ware.hs_code in traded]
            if habits:
                made.extend(self._ship(firm, self._random.choice(habits), midnight - CHINA_US))
        return sorted(made, key=lambda one: (one.at, one.number))

    def caught(self, shipment: Shipment) -> None:
        """Learn that an examination found a false shipment: the firm changes its trick, and in the end its name."""
        firm = self._by_name[shipment.importer]
        firm.caught += 1
        if firm.until is None and firm.caught >= CAUGHT_BEFORE_CLOSING:
            firm.until = shipment.at // DAY_US
            self._found(successor(self._random, firm, self._name(), firm.until))

    def _found(self, firm: Firm) -> None:
        self._firms.append(firm)
        self._by_name[firm.name] = firm

    def _name(self) -> str:
        return f"IMPORTER-{len(self._firms):04d}"

    def _new_firm(self, since: int, *, false: bool) -> Firm:
        firm = found_firm(self._random, self._name(), self._around, since)
        if false:
            firm.tricks = tuple(self._random.sample(OLD_TRICKS, len(OLD_TRICKS)))
            firm.lies_pm = self._random.randint(120, 600)
        return firm

    def _change(self, day: int) -> None:
        """Let prices wander, firms be founded, and the trade drift on its day."""
        if self._random.random() < self._setting.firms * self._setting.founded_pm / 1000:
            false = self._random.randrange(1000) < self._setting.false_firms_pm
            self._found(self._new_firm(since=day, false=false))
        for code in self._moods:
            self._moods[code] *= self._random.gauss(1.0, 0.006)
        if day == self._setting.drift_day:
            self._drift()

    def _drift(self) -> None:
        """Give fraudsters a new trick, make some honest firms false, and move prices."""
        for code in () if self._setting.quiet_drift else self._moods:
            self._moods[code] *= self._random.choice((0.72, 1.35))
        for firm in self._firms:
            if firm.tricks:
                firm.tricks = (Trick.HIDDEN_LOAD,)
            elif self._random.random() < 0.05:
                firm.tricks, firm.lies_pm = (Trick.HIDDEN_LOAD,), self._random.randint(150, 500)

    def _ship(self, firm: Firm, habit: Habit, midnight: int) -> Iterator[Shipment]:
        false = firm.trick is not None and self._random.randrange(1000) < firm.lies_pm
        at = midnight + self._random.randrange(OPENS_US, CLOSES_US)
        honest = self._honest(firm, habit, at)
        if not false or firm.trick is None:
            yield from self._lots(honest)
        elif firm.trick is Trick.SPLIT:
            yield from self._split(honest)
        else:
            yield self._falsified(honest, habit, firm.trick)

    def _honest(self, firm: Firm, habit: Habit, at: int) -> Shipment:
        random, ware = self._random, habit.ware
        kg = round(ware.load_kg * habit.load_pm / 1000 * random.gauss(1.0, 0.05))
        if random.random() < 0.04:
            kg = round(kg * random.uniform(0.2, 0.9))  # what was left of a lot
        declared = round(kg, -3) if random.random() < 0.12 else round(kg, -1)
        price = ware.yuan_t * self._moods[ware.hs_code] * habit.price_pm / 1000 * random.gauss(1.0, 0.06)
        if random.random() < 0.05:
            price *= random.uniform(0.55, 1.5)  # an honest discount, a bad lot or a rare grade
        return Shipment(
            number=self._number(),
            at=at,
            importer=firm.name,
            exporter=habit.exporter,
            agent=firm.agent,
            carrier=firm.carrier,
            plate=random.choice(firm.plates),
            hs_code=ware.hs_code,
            goods=ware.name,
            origin="MN",
            route=habit.route,
            gross_kg=declared,
            value_fen=round(price * declared / 10),
            lines=random.choice((1, 1, 1, 2)),
            true_kg=kg,
            true_hs_code=ware.hs_code,
        )

    def _lots(self, honest: Shipment) -> Iterator[Shipment]:
        """Declare an honest shipment; now and then it comes in two lots for two buyers."""
        if self._random.random() >= 0.03:
            yield honest
            return
        for share in (0.5, 0.4):
            kg, value = round(honest.gross_kg * share), round(honest.value_fen * share)
            later = honest.at + self._random.randrange(300_000_000, 2_400_000_000)
            number = honest.number if share == 0.5 else self._number()
            yield msgspec.structs.replace(honest, number=number, at=later, gross_kg=kg, value_fen=value, true_kg=kg)

    def _falsified(self, honest: Shipment, habit: Habit, trick: Trick) -> Shipment:
        random = self._random
        if trick is Trick.UNDER_WEIGHT:
            declared = round(round(honest.true_kg * random.uniform(0.84, 0.97)), random.choice((-1, -3)))
            value = round(honest.value_fen * declared / honest.gross_kg)
            return msgspec.structs.replace(honest, gross_kg=declared, value_fen=value, trick=trick)
        if trick is Trick.MISDECLARED_CODE:
            return self._misdeclared(honest, habit)
        if trick is Trick.HIDDEN_LOAD:
            value = round(honest.value_fen * random.uniform(1.02, 1.12))
            return msgspec.structs.replace(honest, value_fen=value, true_kg=honest.true_kg + 900, trick=trick)
        return self._imitation(honest)

    def _misdeclared(self, honest: Shipment, habit: Habit) -> Shipment:
        """Pass dear goods off as cheap ones: the price is the cover's, nearly; the load is the dear goods'."""
        dear = habit.ware if habit.ware.covers is not None else self._random.choice(MISDECLARABLE)
        cover = next(ware for ware in WARES if ware.hs_code == dear.covers)
        kg = round(round(dear.load_kg * self._random.gauss(1.0, 0.04)), -1)
        price = cover.yuan_t * self._moods[cover.hs_code] * self._random.uniform(0.9, 1.4)
        return msgspec.structs.replace(
            honest,
            hs_code=cover.hs_code,
            goods=cover.name,
            gross_kg=kg,
            value_fen=round(price * kg / 10),
            true_kg=kg,
            true_hs_code=dear.hs_code,
            trick=Trick.MISDECLARED_CODE,
        )

    def _split(self, honest: Shipment) -> Iterator[Shipment]:
        """Declare one lot as several small ones under the value from which more is asked."""
        parts = self._random.choice((2, 3, 3, 4))
        for part in range(parts):
            share = self._random.uniform(0.85, 1.1) / parts
            yield msgspec.structs.replace(
                honest,
                number=honest.number if part == 0 else self._number(),
                at=honest.at + part * self._random.randrange(300_000_000, 2_400_000_000),
                gross_kg=max(500, round(round(honest.gross_kg * share), -1)),
                value_fen=round(honest.value_fen * share),
                true_kg=round(honest.true_kg / parts),
                trick=Trick.SPLIT,
            )

    def _imitation(self, honest: Shipment) -> Shipment:
        """Copy the exporter, route and figures of an honest firm that trades the same goods."""
        models = [
            habit
            for firm in self._firms
            if not firm.tricks and firm.until is None
            for habit in firm.habits
            if habit.ware.hs_code == honest.hs_code
        ]
        if not models:
            return msgspec.structs.replace(honest, trick=Trick.IMITATION)
        model = self._random.choice(models)
        return msgspec.structs.replace(
            honest, exporter=model.exporter, route=model.route, true_kg=honest.true_kg + 400, trick=Trick.IMITATION
        )

    def _number(self) -> str:
        self._count += 1
        return f"S{self._count:08d}"
