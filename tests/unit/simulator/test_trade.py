"""The simulated trade: honest firms, fraudsters who learn, and a day on which everything changes."""

from collections import Counter
from random import Random

import pytest

from kouan.simulator.trade.goods import BY_CODE
from kouan.simulator.trade.market import CAUGHT_BEFORE_CLOSING, Market, TradeSetting
from kouan.simulator.trade.shipments import Shipment, Trick

SMALL = TradeSetting(firms=120, shipments_a_day=120, false_firms_pm=200)


def trade(days: int, seed: int = 1, setting: TradeSetting = SMALL, caught_pm: int = 0) -> list[list[Shipment]]:
    """Return the shipments by day; so many of the false ones are found out."""
    market, chance, made = Market(setting, Random(seed)), Random(seed), []
    for day in range(days):
        shipments = market.day(day)
        made.append(shipments)
        for shipment in shipments:
            if shipment.trick is not None and chance.randrange(1000) < caught_pm:
                market.caught(shipment)
    return made


def test_a_seed_makes_one_trade() -> None:
    assert trade(5) == trade(5)
    assert trade(5) != trade(5, seed=2)


def test_every_old_trick_is_played_and_most_shipments_are_honest() -> None:
    tricks = Counter(each.trick for day in trade(90, caught_pm=200) for each in day)
    assert tricks.keys() == {None, Trick.UNDER_WEIGHT, Trick.MISDECLARED_CODE, Trick.SPLIT, Trick.IMITATION}
    assert 0.85 < tricks[None] / sum(tricks.values()) < 0.99


def test_shipments_come_in_opening_hours_in_order_and_under_numbers_of_their_own() -> None:
    days = trade(10)
    for shipments in days:
        assert [each.at for each in shipments] == sorted(each.at for each in shipments)
    numbers = [each.number for day in days for each in day]
    assert len(numbers) == len(set(numbers))
    hours = {(each.at // 3_600_000_000 + 8) % 24 for day in days for each in day if each.trick is not Trick.SPLIT}
    assert hours <= set(range(8, 21))


def test_an_honest_shipment_is_what_it_is_declared_to_be() -> None:
    for each in (each for day in trade(20) for each in day if each.trick is None):
        assert each.true_hs_code == each.hs_code
        assert abs(each.true_kg - each.gross_kg) <= 500
        assert type(each.gross_kg) is type(each.value_fen) is type(each.true_kg) is int


def test_each_trick_leaves_its_own_traces() -> None:
    for each in (each for day in trade(90, caught_pm=200) for each in day):
        if each.trick is Trick.UNDER_WEIGHT:
            assert each.gross_kg <= each.true_kg
        if each.trick is Trick.MISDECLARED_CODE:
            assert BY_CODE[each.true_hs_code].yuan_t > BY_CODE[each.hs_code].yuan_t
        if each.trick is Trick.SPLIT:
            assert each.gross_kg < BY_CODE[each.hs_code].load_kg


def test_a_firm_that_is_caught_changes_its_trick_and_in_the_end_its_name() -> None:
    market = Market(SMALL, Random(3))
    firm = next(each.importer for day in range(30) for each in market.day(day) if each.trick is not None)
    seen, day, successor_of = [], 30, set()
    for day in range(30, 230):
        for each in market.day(day):
            if each.importer == firm and each.trick is not None:
                seen.append(each.trick)
                market.caught(each)
                successor_of.add((each.agent, each.carrier))
    assert len(set(seen)) >= 2
    assert CAUGHT_BEFORE_CLOSING <= len(seen) <= CAUGHT_BEFORE_CLOSING + 5  # the day on which it closes may have more
    later = [each for day in range(230, 330) for each in market.day(day)]
    assert firm not in {each.importer for each in later}
    assert any((each.agent, each.carrier) in successor_of and each.trick is not None for each in later)


@pytest.mark.parametrize("quiet", [False, True])
def test_on_its_day_the_trade_drifts(quiet: bool) -> None:
    setting = TradeSetting(firms=120, shipments_a_day=120, false_firms_pm=200, drift_day=20, quiet_drift=quiet)
    days = trade(40, setting=setting)
    before = {each.trick for day in days[:20] for each in day}
    after = Counter(each.trick for day in days[20:] for each in day if each.trick is not None)
    assert Trick.HIDDEN_LOAD not in before
    assert after[Trick.HIDDEN_LOAD] > 0.8 * after.total()  # firms that are founded later know the old tricks
    prices = [price(days[:20]), price(days[20:])]
    assert (abs(prices[1] / prices[0] - 1) > 0.15) is not quiet


def price(days: list[list[Shipment]]) -> float:
    coal = [each for day in days for each in day if each.hs_code == "2701121000" and each.trick is None]
    return sum(each.value_fen for each in coal) / sum(each.gross_kg for each in coal)
