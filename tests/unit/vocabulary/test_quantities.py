"""Quantities carry their units, and no float decides anything."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.quantities import (
    Currency,
    LengthMm,
    MassKg,
    Money,
    SpeedMmps,
    exact,
    kmph,
    length_from_metres,
    mass_from_tonnes,
    metres,
    parse_length,
    parse_mass,
    parse_speed,
    speed_from_kmph,
    tonnes,
)


@pytest.mark.parametrize("text", ["117.5 t", "117,500 kg", "117500KG", "117.5吨", "１１７．５ Ｔ", "117500 千克"])
def test_a_mass_is_read_in_any_of_its_units(text):
    assert parse_mass(text) == 117_500


def test_lengths_and_speeds_are_read_in_their_units():
    assert parse_length("6.19 km") == 6_190_000
    assert parse_length("17.5 m") == 17_500
    assert parse_speed("25 km/h") == 6_944
    assert parse_speed("1.5 m/s") == 1_500


@pytest.mark.parametrize(
    "text", ["", "kg", "12", "12 lb", "1e5 kg", "1,2 kg", "NaN kg", "12 kg kg", "9" * 39, "९ kg", "1" * 20 + "t"]
)
def test_what_is_no_mass_is_refused(text):
    with pytest.raises(InvalidValue):
        parse_mass(text)


@given(st.text(max_size=60))
def test_hostile_text_is_refused_and_raises_nothing_else(text):
    for parse in (parse_mass, parse_length, parse_speed, Money.parse):
        try:
            parse(text)
        except InvalidValue:
            continue


@given(st.integers(-(10**11), 10**11))
def test_conversions_give_back_what_they_took(number):
    assert mass_from_tonnes(tonnes(MassKg(number))) == number
    assert length_from_metres(metres(LengthMm(number))) == number
    assert speed_from_kmph(kmph(SpeedMmps(number))) == number


@pytest.mark.parametrize(
    "value", [1.5, True, None, "1.5.2", "inf", "nan", Decimal("NaN"), "9" * 50, 10**15, "1e999999"]
)
def test_what_is_not_exact_is_refused(value):
    with pytest.raises(InvalidValue):
        exact(value)


def test_money_is_exact_to_its_smallest_unit():
    assert str(Money.of("8000", Currency.CNY)) == "8000.00 CNY"
    assert str(Money.parse("8,000.5 CNY")) == "8000.50 CNY"
    assert str(Money.parse("１２００ JPY")) == "1200 JPY"
    with pytest.raises(InvalidValue, match=r"money\.unit"):
        Money.of("0.001", Currency.CNY)
    with pytest.raises(InvalidValue, match=r"quantity\.exact"):
        Money.of(0.1, Currency.CNY)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match=r"money\.currency"):
        Money.parse("5 XYZ")


def test_money_of_one_currency_adds_up_and_compares():
    one, two = Money.of("0.10", Currency.CNY), Money.of("0.20", Currency.CNY)
    assert one + two == Money.of("0.3", Currency.CNY)
    assert two - one == one
    assert -one + one == Money.of(0, Currency.CNY)
    assert one < two
    assert one <= one


def test_money_of_different_currencies_never_meets():
    yuan, roubles = Money.of(1, Currency.CNY), Money.of(1, Currency.RUB)
    for meet in (lambda: yuan + roubles, lambda: yuan - roubles, lambda: yuan < roubles, lambda: yuan <= roubles):
        with pytest.raises(InvalidValue, match=r"money\.currency"):
            meet()


def test_a_rate_rounds_half_to_even():
    assert Money.of("0.05", Currency.CNY).times("0.5") == Money.of("0.02", Currency.CNY)
    assert Money.of("0.07", Currency.CNY).times("0.5") == Money.of("0.04", Currency.CNY)
    assert Money.of(1000, Currency.JPY).times("0.0015") == Money.of(2, Currency.JPY)
