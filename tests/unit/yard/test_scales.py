"""Scales: which weights count, which scale drifts, and what carriers' tickets say beside the port's."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.yard.yard_kit import NOW, ticket

from kouan.vocabulary.clock import seconds
from kouan.vocabulary.verdict import GRANTED, Refused
from kouan.yard.drift import Finding, check_scale, paired_offsets, permitted_kg
from kouan.yard.reconcile import reconcile
from kouan.yard.records import NetRecord, TicketRecord
from kouan.yard.robust import estimate
from kouan.yard.tickets import ScaleState, as_found, may_weigh, net_of, within

DAY = seconds(24 * 3600)
GOOD = ScaleState(in_use=True, zero_checked_at=NOW, calibrated_until=NOW + DAY)


@pytest.mark.parametrize(
    ("scale", "code"),
    [
        (ScaleState(False, NOW, NOW + DAY, "drift"), "yard.scale_out_of_use"),
        (ScaleState(True, NOW, NOW), "yard.scale_out_of_calibration"),
        (ScaleState(True, None, NOW + DAY), "yard.scale_zero_unchecked"),
        (ScaleState(True, NOW - DAY - 1, NOW + DAY), "yard.scale_zero_unchecked"),
        (ScaleState(True, NOW + 1, NOW + DAY), "yard.scale_zero_unchecked"),
    ],
)
def test_a_scale_in_doubt_weighs_nothing(scale: ScaleState, code: str) -> None:
    assert as_found(ticket(1_000, "t"), scale).cause == code


def test_a_scale_zero_checked_a_day_ago_still_counts() -> None:
    assert may_weigh(ScaleState(True, NOW - DAY, NOW + DAY), NOW) is GRANTED
    assert as_found(ticket(97_000, "t"), GOOD).cause is None
    assert as_found(ticket(0, "t"), GOOD).cause == "yard.mass_out_of_range"


def test_net_is_gross_less_tare_of_one_vehicle_on_two_tickets_that_count() -> None:
    net = net_of("v", ticket(97_000, "g"), ticket(17_000, "t"))
    assert not isinstance(net, Refused)
    assert net.mass_kg == 80_000
    for gross, tare in (
        (ticket(97_000, "g", cause="x"), ticket(17_000, "t")),
        (ticket(97_000, "g"), ticket(17_000, "t", plate="蒙B000A1")),
        (ticket(97_000, "g"), ticket(17_000, "g")),
        (ticket(17_000, "g"), ticket(17_000, "t")),
    ):
        assert isinstance(net_of("v", gross, tare), Refused)
    assert isinstance(within(30_121, 30_000, 120), Refused)
    assert within(29_880, 30_000, 120) is GRANTED


def test_the_permissible_error_grows_with_the_load_as_oiml_r76_says() -> None:
    assert [permitted_kg(each, 20) for each in (10_000, 10_020, 40_000, 40_020, 100_000)] == [20, 40, 40, 60, 60]


def test_the_interval_holds_the_true_offset_as_often_as_it_says() -> None:
    chance, hits = Random(5), 0
    for _ in range(2_000):
        found = estimate([round(chance.gauss(35, 20)) for _ in range(15)])
        assert found is not None
        assert found.confidence_pm >= 950
        hits += found.low_kg <= 35 <= found.high_kg
    assert hits / 2_000 >= 0.95


def test_one_wild_weighing_moves_the_estimate_little() -> None:
    found = estimate([0, 10, -10, 20, 5, 5, 90_000])
    assert found is not None
    assert found.median_kg == 5


@given(st.lists(st.integers(-(10**5), 10**5), min_size=1, max_size=40))
def test_the_interval_holds_the_median_and_both_are_within_what_was_seen(values: list[int]) -> None:
    found = estimate(values)
    assert found is not None
    assert min(values) <= found.low_kg <= found.median_kg <= found.high_kg <= max(values)
    assert found.n == len(values)


def reference(*shown: int) -> list[tuple[int, int]]:
    return [(each, 49_000) for each in shown]


@pytest.mark.parametrize(
    ("shown", "finding"),
    [
        ((), Finding.UNCHECKED),
        ((49_020, 48_980, 49_000), Finding.STEADY),
        ((49_000, 49_000, 49_200), Finding.SUSPECT),
        ((49_000, 49_080, 49_080), Finding.DRIFTING),
        ((49_080, 49_080, 49_000, 49_100, 48_990), Finding.DRIFTING),
        ((49_000, 48_900, 49_100), Finding.SUSPECT),
        ((49_900, 49_900, 49_000, 49_000, 49_000, 49_000, 49_000), Finding.STEADY),
    ],
)
def test_reference_vehicles_find_a_drifting_scale(shown: tuple[int, ...], finding: Finding) -> None:
    assert check_scale("W1", reference(*shown), 20).finding is finding


def loads(offsets: dict[str, int], n: int, seed: int = 3) -> list[TicketRecord]:
    """Return tickets of n loads, each weighed on two of the scales."""
    chance, found = Random(seed), []
    for number in range(n):
        true_kg = chance.randrange(60_000, 120_000)
        for scale in chance.sample(sorted(offsets), 2):
            shown = round((true_kg + offsets[scale] + chance.gauss(0, 15)) / 20) * 20
            row = TicketRecord(f"{scale}-{number}", scale, "gross", "A", shown, number, f"v{number}")
            found.append(row)
    return found


def test_pairs_of_tickets_find_the_one_scale_that_shows_too_much() -> None:
    found = {each.scale: each for each in paired_offsets(loads({"I3": 0, "W1": 140, "W2": 0, "W3": 0}, 200), 60)}
    assert [scale for scale, each in found.items() if each.apart] == ["W1"]
    assert abs(found["W1"].offset_kg - 140) <= 15
    assert all(abs(found[scale].offset_kg) <= 20 for scale in ("I3", "W2", "W3"))


def test_scales_that_agree_are_left_in_peace_and_two_alone_say_nothing() -> None:
    assert not [each for each in paired_offsets(loads({"W1": 0, "W2": 0, "W3": 0}, 200), 60) if each.apart]
    assert not [each for each in paired_offsets(loads({"W1": 300, "W2": 0}, 200), 60) if each.apart]
    assert paired_offsets(loads({"W1": 0, "W2": 0}, 5), 60) == ()


def net(visit: int, carrier: str, net_kg: int, ticket_kg: int | None) -> NetRecord:
    return NetRecord(
        f"v{visit}", "delivery", "coal", "L", "A", carrier, f"g{visit}", f"t{visit}", "W1", "W1", net_kg,
        None if ticket_kg is None else f"T{visit}", ticket_kg, visit,
    )  # fmt: skip


def test_a_carrier_whose_loads_come_in_short_stands_out_and_others_do_not() -> None:
    chance = Random(11)
    honest = [net(each, "HONEST", 80_000 + chance.randrange(-60, 61), 80_000) for each in range(40)]
    thief = [net(100 + each, "SHORT", 79_600 + chance.randrange(-60, 61), 80_000) for each in range(40)]
    rare = [net(200, "RARE", 79_000, 80_000), net(201, "RARE", 80_000, None)]
    found = {account.carrier: account for account in reconcile([*honest, *thief, *rare], 3)}
    assert [name for name, account in found.items() if account.short] == ["SHORT"]
    assert found["HONEST"].outliers == ()
    assert len(found["SHORT"].outliers) == sum(each.net_kg < 79_760 for each in thief)
    assert (found["RARE"].tickets, found["RARE"].unticketed, len(found["RARE"].outliers)) == (1, 1, 1)
