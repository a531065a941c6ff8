"""Visits put together again, their legs, and what tickets say."""

import datetime as dt

import polars as pl

from kouan.planning.study.cleaning import PASSAGES, TICKETS, shaped
from kouan.planning.study.gathered import FILE
from kouan.planning.study.hours import profile_of
from kouan.planning.study.legs import Leg, legs_of, with_legs
from kouan.planning.study.visits import numbers_used_twice, part_passages, part_tickets, visits_of
from kouan.planning.study.weights import carriers_of, nets_that_do_not_add_up, scales_of
from kouan.vocabulary.places import Direction

FIRST = dt.datetime(2026, 10, 1)  # noqa: DTZ001 - local time, as files have it


def at(hour, minute=0, day=0):
    return FIRST + dt.timedelta(days=day, hours=hour, minutes=minute)


def rows(schema, *given):
    found = pl.DataFrame([{"row": number, **row} for number, row in enumerate(given, 2)], infer_schema_length=None)
    return shaped(found, schema).with_columns(pl.lit(0, pl.UInt16).alias(FILE))


def passage(plate, way, stopped, left=None, queued=None):
    return {"plate": plate, "direction": way, "stopped_at": stopped, "left_at": left, "queued_at": queued, "lane": "I1"}


def test_a_visit_runs_from_its_entry_over_its_weighings_to_its_exit():
    passages = rows(
        PASSAGES,
        passage("A1", "out", at(12), at(12, 1)),
        passage("A1", "in", at(8), at(8, 1), at(7)),
        passage("A1", "in", at(9, day=1)),
    )
    tickets = rows(
        TICKETS, {"plate": "A1", "gross_at": at(9), "tare_at": at(11), "gross_kg": 60_000, "tare_kg": 20_000}
    )
    first, second = with_legs(visits_of(passages, tickets)).iter_rows(named=True)
    assert (first["in_at"], first["first_at"], first["last_at"], first["out_at"]) == (at(8), at(9), at(11), at(12))
    assert [first[leg.value] for leg in Leg] == [3600, 60, 59 * 60, 7200, 3600, None, 60, 4 * 3600 + 60]
    assert (second["in_at"], second["out_at"], second["weighings"]) == (at(9, day=1), None, 0)


def test_an_exit_without_entry_and_a_long_silence_part_visits():
    passages = rows(PASSAGES, passage("A1", "out", at(8)), passage("A1", "out", at(8, day=3)))
    tickets = rows(TICKETS, {"plate": "A1", "gross_at": at(9), "gross_kg": 60_000})
    found = visits_of(passages, tickets).select("first_at", "out_at").rows()
    assert found == [(None, at(8)), (at(9), None), (None, at(8, day=3))]


def test_a_passage_written_twice_counts_once_and_is_told():
    passages = rows(PASSAGES, passage("A1", "in", at(8)), passage("A1", "in", at(8, 9)), passage("A1", "in", at(8, 30)))
    parted = part_passages(passages)
    assert parted.rows["row"].to_list() == [2, 4]
    assert parted.again.select("row", "first_row").rows() == [(3, 2)]


def test_a_ticket_printed_twice_counts_once_and_a_number_used_twice_is_told():
    ticket = {"plate": "A1", "ticket": "T1", "gross_at": at(9), "gross_kg": 60_000}
    tickets = rows(TICKETS, ticket, ticket, {**ticket, "gross_at": at(10)})
    parted = part_tickets(tickets)
    assert parted.again.select("row", "first_row").rows() == [(3, 2)]
    assert numbers_used_twice(parted.rows)["row"].to_list() == [2, 4]


def test_hours_are_lost_where_vehicles_take_longer_than_the_quickest_tenth():
    passages = [passage(f"A{n}", "in", at(8), at(8, 1 if n < 5 else 31)) for n in range(10)]
    visits = with_legs(visits_of(rows(PASSAGES, *passages), rows(TICKETS).clear()))
    (stop,) = legs_of(visits, 1)
    assert (stop.leg, stop.free_s, stop.worst_hour, stop.share) == (Leg.STOP_IN, 60.0, 8, 1.0)
    assert stop.lost_h_a_day == 2.5


def test_a_queue_is_counted_at_each_quarter_hour():
    queue = [passage(f"A{n}", "in", at(8, n + 1), queued=at(7)) for n in range(10)]
    profile = profile_of(rows(PASSAGES, *queue), Direction.IN)
    assert profile.waiting[28:34] == (10.0, 10.0, 10.0, 10.0, 0.0, 0.0)
    assert (profile.arrived[28], profile.passed[32], profile.lanes[32]) == (10.0, 10.0, 1)
    assert (profile.opens_s, profile.most_waiting) == (8 * 3600, 10)
    assert profile_of(rows(PASSAGES, *queue), Direction.OUT) is None


def ticket(plate, day, gross, tare, carrier="K", scale="1", declared=40_000, net=None):
    return {
        "plate": plate, "gross_at": at(9, day=day), "tare_at": at(10, day=day), "gross_kg": gross, "tare_kg": tare,
        "net_kg": net, "declared_kg": declared, "carrier": carrier, "scale": scale,
    }  # fmt: skip


def test_a_carrier_that_declares_too_little_is_told_with_an_interval():
    given = [ticket(f"A{n}", n % 5, 60_700 + n % 3, 20_000, "short") for n in range(20)]
    given += [ticket(f"B{n}", n % 5, 60_000 - 50 + n * 5, 20_000, "fair") for n in range(20)]
    short, fair = carriers_of(rows(TICKETS, *given))
    assert (short.carrier, short.median_kg, short.certain, short.beyond) == ("short", 701.0, True, 20)
    assert (fair.carrier, fair.certain, fair.beyond) == ("fair", False, 0)


def test_a_net_that_is_not_gross_less_tare_is_told():
    tickets = rows(TICKETS, ticket("A", 0, 60_000, 20_000, net=40_000), ticket("B", 0, 60_000, 20_000, net=41_000))
    assert nets_that_do_not_add_up(tickets)["row"].to_list() == [3]


def test_a_scale_that_drifts_is_found_by_vehicles_that_come_again():
    given = [
        ticket(f"A{n}", day, 60_000, 20_000 + (20 * day if scale == "2" else 0), scale=scale)
        for day in range(8) for n in range(6) for scale in ("1", "2", "3")
    ]  # fmt: skip
    drifting, *others = scales_of(rows(TICKETS, *given))
    assert (drifting.scale, drifting.drift_kg_a_day, drifting.drifts) == ("2", 20.0, True)
    assert not any(scale.drifts for scale in others)
