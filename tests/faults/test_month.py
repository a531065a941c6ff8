"""A virtual month, cut short: what it reports, that it is the same twice, and that planted bugs do not go unseen."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from kouan.cli import app
from kouan.proving.month import lots, traders, yard
from kouan.proving.month.brokers import Brokers
from kouan.proving.month.checks import MONTH_CHECKERS
from kouan.proving.month.run import simulate_month
from kouan.proving.month.setting import MonthSetting
from kouan.proving.month.traders import credit_code
from kouan.proving.month.trips import Strategy
from kouan.proving.planted.month import MONTH
from kouan.proving.planted.planting import Planted, planted
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.identifiers import CreditCode

SHORT = MonthSetting(days=3, lorries=90)


@pytest.fixture(scope="module")
def clean() -> Mapping[str, Any]:
    """Three days with nothing planted, and once more under inspect-first rules."""
    return simulate_month(SHORT)


def test_nothing_that_must_not_be_happens(clean: Mapping[str, Any]) -> None:
    assert clean["violation_texts"] == []
    assert (clean["violations"], clean["checks"]) == (0, len(MONTH_CHECKERS))
    assert clean["ledger_verified"]
    assert clean["write_offs"]["balances"] > 20
    assert clean["write_offs"]["below_nought"] == 0
    assert clean["yard"]["holds"], clean["yard"]["findings"]
    assert clean["yard"]["in_kg"] == clean["yard"]["out_kg"] + clean["yard"]["stock_kg"] + clean["yard"]["loss_kg"]


def test_people_try_what_they_may_not_and_are_refused(clean: Mapping[str, Any]) -> None:
    for attempts in ("overreached", "asked_too_early"):
        assert clean[attempts]["tried"] > 0, attempts
        assert clean[attempts]["tried"] == clean[attempts]["refused"], attempts


def test_every_lorry_and_every_lot_is_accounted_for(clean: Mapping[str, Any]) -> None:
    assert clean["lorries"] > 30
    assert sum(clean["ends"].values()) >= clean["lorries"]
    assert sum(clean["lots_by_regime"].values()) == clean["lots"] == sum(clean["lot_states"].values())
    assert {"coal", "copper_concentrate", "food_and_farm_goods"} <= clean["lots_by_regime"].keys()
    assert 0 < clean["released"] <= clean["lots"]
    assert clean["sold"] > 0


def test_regimes_show_in_the_hours_until_goods_may_leave(clean: Mapping[str, Any]) -> None:
    hours = clean["hours_to_release"]
    assert hours["coal"]["median"] > 20  # it leaves with its result
    assert hours["copper_concentrate"]["median"] < 6  # it leaves on condition
    assert all(spread["median"] <= spread["p95"] for spread in hours.values())


def test_offences_are_counted_by_strategy_and_found_or_missed(clean: Mapping[str, Any]) -> None:
    assert clean["offences"].keys() == {strategy.value for strategy in Strategy}
    for row in clean["offences"].values():
        assert row["planted"] == row["found"] + row["missed"] + row["open"]
        assert sum(row["found_by"].values()) == row["found"]
    assert clean["planted"] == clean["found"] + clean["missed"] + clean["open"] > 0
    rate = clean["offence_rate"]
    assert rate["sample"] > 0
    assert rate["low"] <= rate["estimate"] <= rate["high"]
    assert 0 <= rate["truth_detectable"] <= rate["truth"] < 1


def test_inspect_first_keeps_lorries_waiting_and_releases_nothing_on_condition(clean: Mapping[str, Any]) -> None:
    first = clean["inspect_first"]
    assert clean["released_on_condition"] > 0
    assert not first["released_on_condition"]
    assert first["vehicle_hours_saved"] == pytest.approx(first["vehicle_hours"] - clean["vehicle_hours"], abs=0.1)
    assert first["vehicle_hours"] > 2 * clean["vehicle_hours"]
    assert first["ledger_root"] != clean["ledger_root"]


def test_the_same_seed_gives_the_same_ledger_and_another_seed_another() -> None:
    day = MonthSetting(days=1, lorries=24)
    one, again = (simulate_month(day, compare=False) for _ in range(2))
    assert one["ledger_root"] == again["ledger_root"]
    assert one["entries"] == again["entries"] > 100
    other = simulate_month(MonthSetting(days=1, lorries=24, seed=8), compare=False)
    assert other["ledger_root"] != one["ledger_root"]


def test_checking_changes_nothing_that_is_recorded() -> None:
    day = MonthSetting(days=1, lorries=24)
    unchecked = simulate_month(MonthSetting(days=1, lorries=24, checked=False), compare=False)
    assert unchecked["ledger_root"] == simulate_month(day, compare=False)["ledger_root"]
    assert (unchecked["checks"], unchecked["violations"]) == (0, None)


@pytest.mark.parametrize("bug", MONTH, ids=lambda bug: bug.name)
def test_a_planted_bug_is_seen_by_the_invariant_that_it_breaks(bug: Planted) -> None:
    with planted(bug):
        found = simulate_month(SHORT, compare=False)
    assert any(text.startswith(f"{bug.invariant} at ") for text in found["violation_texts"]), found["violation_texts"]


@pytest.mark.parametrize("inspect_first", [False, True])
def test_goods_that_fail_their_test_go_back_and_never_leave_for_sale(
    monkeypatch: pytest.MonkeyPatch, inspect_first: bool
) -> None:
    for name, share_pm in (("FAILS_PM", 1000), ("FINDS_PM", 1000), ("SEEN_IN_TEST_PM", 1000), ("CONTESTED_PM", 0)):
        monkeypatch.setattr(lots, name, share_pm)
    setting = MonthSetting(days=6, lorries=60, inspect_first=inspect_first)
    found = simulate_month(setting, compare=False)
    assert found["violation_texts"] == []
    assert found["hours_to_certificate"] == {}
    assert found["lot_states"]["returned"] > 0


def test_deadlines_of_papers_and_of_the_yard_fall_due_in_virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any) -> None:
        pass

    monkeypatch.setattr(yard, "UNLOADS_S", (7200.0, 7200.0))
    monkeypatch.setattr(Brokers, "complete", never)
    monkeypatch.setattr(traders, "TWO_STEP_PM", 1000)
    called = simulate_month(MonthSetting(days=17, lorries=17), compare=False)["people_called"]
    assert called["yard.overdue_weighed"] > 0
    assert called["declaration.overdue"] > 0


def test_planted_bugs_are_at_least_five_and_break_what_is_checked() -> None:
    assert len({bug.name for bug in MONTH}) == len(MONTH) >= 5
    assert {bug.invariant for bug in MONTH} == {kind.invariant for kind in MONTH_CHECKERS}


def test_the_command_prints_one_object_or_tables_and_leaves_the_day_as_it_was() -> None:
    asked = ["simulate", "month", "--days", "1", "--lorries", "12", "--no-compare"]
    as_json = CliRunner().invoke(app, [*asked, "--json"])
    assert as_json.exit_code == 0, as_json.output
    assert json.loads(as_json.stdout)["violations"] == 0
    as_text = CliRunner().invoke(app, asked)
    assert as_text.exit_code == 0
    assert "coal" in as_text.stdout
    assert "misdeclared_goods" in as_text.stdout


def test_a_port_without_a_yard_has_no_month() -> None:
    with pytest.raises(KouanError, match="yard"):
        simulate_month(MonthSetting(port="ceke", days=1, lorries=4), compare=False)


def test_simulated_firms_have_credit_codes_that_hold() -> None:
    codes = {credit_code(f"IMPORTER-{number:04d}") for number in (0, 7, 42, 9999)}
    assert {str(CreditCode.parse(code)) for code in codes} == codes
    assert len(codes) == 4
