"""What a month brought, as figures by name: what the platform recorded beside what only the simulator knows."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from kouan.inspection.release.lot import FINAL, LotState
from kouan.inspection.release.records import LotRecord
from kouan.inspection.targeting.budget import PPM
from kouan.inspection.targeting.estimate import Rate
from kouan.inspection.targeting.looking import true_rate, yields_of
from kouan.inspection.targeting.records import CandidateRecord
from kouan.ledger.entries import Entry
from kouan.ledger.merkle import root_of
from kouan.ledger.verifier import verify
from kouan.proving.month.lorries import Lorries
from kouan.proving.month.officers import detectable_pm
from kouan.proving.month.port import MonthPort
from kouan.proving.month.setting import DAY_US, HOUR_US, MonthSetting
from kouan.proving.month.trips import Strategy, Trip
from kouan.proving.observations import Violation
from kouan.wiring.twin.port import seeded_signer

WAITING_FOR_RECALL = ("recalled", "overdue", "escalated")
"""States of a lot that is recalled already: what moves it to ``recalled`` from there is no new recall."""

COUNTED = ("planted", "found", "missed", "open")

OPEN_H = 12
"""Hours a day in which bays are manned (``ports/bays/ganqimaodu.toml``)."""


async def figures(
    setting: MonthSetting,
    port: MonthPort,
    lorries: Lorries,
    checked: tuple[Sequence[Violation], int] | None,
    cpu_s: float,
) -> dict[str, Any]:
    """Return what is to be told of a month."""
    lots = await _lots(port)
    file = port.disk.ledger(port.file.name)
    told = {"port": port.file.name, "days": setting.days, "seed": setting.seed, "inspect_first": setting.inspect_first}
    return {
        **told,
        **_lorries(lorries.trips, port.clock.now()),
        **_released(lorries.trips, lots),
        **_times(lorries.trips, lots),
        **await _watched(port, file.entries),
        **_offences(lorries.trips, lots),
        **await _targeting(setting, port, lorries.trips),
        **_examinations(setting, port, lorries),
        **await _yard(port, lorries),
        **_papers(lorries),
        "entries": len(file.entries),
        "ledger_root": root_of(file.hashes).hex(),
        **_checks(port, file.entries, checked),
        "cpu_s": cpu_s,
        "ms_a_lorry": 1000 * cpu_s / max(1, len(lorries.trips)),
    }


async def _lots(port: MonthPort) -> dict[str, LotRecord]:
    found: dict[str, LotRecord] = {}
    for state in LotState:
        for record in await port.records.release.lots_in(state.value, 10**9):
            found[record.number] = record
    return found


def _lorries(trips: Sequence[Trip], now: int) -> dict[str, Any]:
    hours = [((trip.left_at or now) - trip.arrived_at) / HOUR_US for trip in trips if trip.arrived_at is not None]
    return {
        "lorries": len(hours),
        "ends": dict(sorted(Counter(trip.end or "still here" for trip in trips).items())),
        "diverted": sum(trip.diverted for trip in trips),
        "vehicle_hours": round(sum(hours), 1),
        "hours_a_lorry": _spread(hours),
    }


def _released(trips: Sequence[Trip], lots: Mapping[str, LotRecord]) -> dict[str, Any]:
    released = [trip for trip in trips if trip.released_at is not None]
    regimes = Counter(_regime(lots[trip.lot]) for trip in trips if trip.lot in lots)
    return {
        "lots": len(lots),
        "lots_by_regime": dict(sorted(regimes.items())),
        "released": len(released),
        "released_on_condition": _share(sum(trip.on_condition for trip in released), len(released)),
        "sold": sum(trip.sold_at is not None for trip in trips),
        "lot_states": dict(sorted(Counter(lot.state for lot in lots.values()).items())),
    }


def _times(trips: Sequence[Trip], lots: Mapping[str, LotRecord]) -> dict[str, Any]:
    """Return hours from arrival to the certificate, and to release, by regime."""
    certified: dict[str, list[float]] = {}
    released: dict[str, list[float]] = {}
    for trip in trips:
        if trip.lot not in lots or trip.arrived_at is None:
            continue
        regime = _regime(lots[trip.lot])
        for until, into in ((trip.certified_at, certified), (trip.released_at, released)):
            if until is not None:
                into.setdefault(regime, []).append((until - trip.arrived_at) / HOUR_US)
    return {
        "hours_to_certificate": {regime: _spread(hours) for regime, hours in sorted(certified.items())},
        "hours_to_release": {regime: _spread(hours) for regime, hours in sorted(released.items())},
    }


async def _watched(port: MonthPort, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return recalls with where the goods were last, and what was overdue or escalated, from the ledger."""
    recalls, states = list[dict[str, Any]](), Counter[str]()
    for entry in entries:
        if entry.kind != "release.moved/1":
            continue
        body = msgspec.json.decode(entry.body)
        states[body["after"]] += 1
        if body["after"] == "recalled" and body["before"] not in WAITING_FOR_RECALL:
            last = body.get("last_known") or {}
            recalls.append({"lot": entry.stream, "at": body["at"], "last_known": last.get("location")})
    overdue = await port.records.papers.declarations_due(port.clock.now())
    return {
        "recalls": recalls,
        "overdue": states["overdue"],
        "escalated": states["escalated"],
        "full_declarations_overdue": len(overdue),
    }


def _offences(trips: Sequence[Trip], lots: Mapping[str, LotRecord]) -> dict[str, Any]:
    """Return what was planted, by strategy: found by whom, missed for good, or open while its lot is under way."""
    by: dict[str, dict[str, Any]] = {}
    for strategy in Strategy:
        own = [trip for trip in trips if trip.strategy is strategy and trip.arrived_at is not None]
        found = Counter(trip.found_by for trip in own if trip.found_by is not None)
        hidden = [trip for trip in own if trip.found_by is None]
        ended = sum(trip.lot not in lots or LotState(lots[trip.lot].state) in FINAL for trip in hidden)
        by[strategy.value] = {
            "planted": len(own),
            "found": sum(found.values()),
            "missed": ended,
            "open": len(hidden) - ended,
            "found_by": dict(sorted(found.items())),
        }
    return {"offences": by, **{name: sum(each[name] for each in by.values()) for name in COUNTED}}


async def _targeting(setting: MonthSetting, port: MonthPort, trips: Sequence[Trip]) -> dict[str, Any]:
    """Return what targeting spent and found in the month, by the way in which it chose, and the estimate."""
    begun = port.clock.now() - setting.days * DAY_US
    candidates = [each for each in await port.records.targeting.latest(10**9) if each.judged_at >= begun]
    examined = [each for each in candidates if each.result_at is not None]
    rate = true_rate(examined)
    false = {f"in-W{trip.number}": trip.strategy for trip in trips if trip.strategy is not None}
    there = [false[each.number] for each in candidates if each.number in false]
    truth = len(there) / max(1, len(candidates))
    seen = sum(map(detectable_pm, there)) / 1000 / max(1, len(candidates))
    standing = await port.targeting.standing()
    return {
        "candidates": len(candidates),
        "budget_a_day": standing.budget.most,
        "model": standing.model,
        "selected": {
            each.source: {
                "selected": each.selected,
                "examined": each.examined,
                "found": each.found,
                "precision": _share(each.found, each.examined),
            }
            for each in yields_of(candidates)
        },
        "offence_rate": {"truth": round(truth, 4), "truth_detectable": round(seen, 4), **_estimate(rate)},
        "precision_ratio": _ratio(examined),
    }


def _estimate(rate: Rate | None) -> dict[str, Any]:
    if rate is None:
        return {"estimate": None, "low": None, "high": None, "sample": 0}
    shares = (round(each / PPM, 4) for each in (rate.rate_ppm, rate.low_ppm, rate.high_ppm))
    return dict(zip(("estimate", "low", "high"), shares, strict=True)) | {"sample": rate.sample}


def _ratio(examined: Sequence[CandidateRecord]) -> float | None:
    """Return how much more often what rules, lists and the score named was false than what chance drew."""
    drawn = [each.found or 0 for each in examined if each.drawn]
    named = [each.found or 0 for each in examined if each.source in ("rule", "watch", "score")]
    if not drawn or not named or not sum(drawn):
        return None
    return round(statistics.fmean(named) / statistics.fmean(drawn), 2)


def _examinations(setting: MonthSetting, port: MonthPort, lorries: Lorries) -> dict[str, Any]:
    officers = lorries.officers
    bays = {bay: round(busy / (HOUR_US * OPEN_H * setting.days), 4) for bay, busy in sorted(officers.busy_us.items())}
    plan = port.examination.driver.standing
    return {
        "examinations": officers.examinations,
        "examinations_merged": officers.merged,
        "no_shows": officers.missed,
        "waiting_min": _spread([waited / (HOUR_US / 60) for waited in officers.waited_us]),
        "bays_in_use": bays,
        "planned_by": None if plan is None else plan.plan.method,
        "overreached": {"tried": officers.tried, "refused": officers.refused},
    }


async def _yard(port: MonthPort, lorries: Lorries) -> dict[str, Any]:
    balances = [await port.yard.desk.goods.balance(site.name) for site in port.file.yard.sites]
    sums = {name: sum(getattr(each, name) for each in balances) for name in ("in_kg", "out_kg", "loss_kg", "stock_kg")}
    return {
        "yard": {
            **sums,
            "moisture_kg": sum(each.moisture_kg for each in balances),
            "holds": all(each.holds for each in balances),
            "findings": [finding for each in balances for finding in each.findings][:20],
            "stopped": lorries.yard.held,
            "refused": dict(sorted(lorries.yard.refused.items())),
        },
        "write_offs": _write_offs(port),
        "asked_too_early": {"tried": lorries.early_asked, "refused": lorries.early_refused},
    }


def _write_offs(port: MonthPort) -> dict[str, int]:
    """Return what was written off against papers, and how many balances are below nought (I16): none ever may be.

    ``over_kg`` came over what was declared, within the tolerance of goods in bulk.
    """
    rows = [row for row in port.disk.tables.rows("papers_balances") if row["taken_kg"]]
    over_kg = [max(0, row["taken_kg"] - row["granted_kg"]) for row in rows]
    return {
        "balances": len(rows),
        "taken_kg": sum(row["taken_kg"] for row in rows if row["kind"] == "declaration"),
        "over_kg": sum(over_kg),
        "below_nought": sum(
            over > row["granted_kg"] * row["overrun_permille"] // 1000 for over, row in zip(over_kg, rows, strict=True)
        ),
    }


def _papers(lorries: Lorries) -> dict[str, Any]:
    return {
        "papers_refused": dict(sorted(lorries.brokers.refusals.items())),
        "papers_mended": dict(sorted(lorries.brokers.mended.items())),
        "release_refused": dict(sorted(lorries.lots.refused.items())),
        "people_called": dict(sorted(lorries.calls.items())),
    }


def _checks(
    port: MonthPort, entries: Sequence[Entry], checked: tuple[Sequence[Violation], int] | None
) -> dict[str, Any]:
    """Return what the checkers found; no number of violations where none watched."""
    key = seeded_signer("nobody", Random(0)).public_key  # no head is signed here: the chain alone is verified
    verified = verify(entries, (), key, port=port.file.name).intact
    if checked is None:
        return {"ledger_verified": verified, "checks": 0, "violations": None, "violation_texts": []}
    found, count = checked
    texts = [f"{each.invariant} at {each.at}: {each.text}" for each in found]
    return {"ledger_verified": verified, "checks": count, "violations": len(found), "violation_texts": texts}


def _regime(record: LotRecord) -> str:
    return record.regime.partition("@")[0]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _spread(values: Sequence[float]) -> dict[str, float | int] | None:
    """Return how many values there are, their median and the value that 95 % stay below."""
    if not values:
        return None
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"count": len(ordered), "median": round(statistics.median(ordered), 2), "p95": round(p95, 2)}
