"""Planting bugs in running code, and taking them away again."""

import pytest
from msgspec.structs import replace

from kouan.gate import visit
from kouan.gate.lane_controller import clock, rules
from kouan.gate.lane_controller.rules import judge_order
from kouan.proving.planted import NotPlanted, Planted, planted
from kouan.vocabulary.clock import SECOND

WORSE = Planted(
    "worse", "I10", "kouan.gate.lane_controller.clock:ClockEstimate.uncertainty_us",
    "return self.within_us", "return 1000 * self.within_us", "for a test",
)  # fmt: skip


def test_a_method_runs_its_bug_wherever_it_is_held_and_is_itself_afterwards() -> None:
    estimate = clock.ClockEstimate(0, 0, 10)
    held = clock.ClockEstimate.uncertainty_us
    before = held(estimate, 0)
    with planted(WORSE):
        assert held(estimate, 0) > 100 * before
    assert held(estimate, 0) == before


def test_a_constant_is_another_one_in_every_module_that_took_it() -> None:
    bug = Planted("unit", "I10", "kouan.gate.lane_controller.clock:MOST_UNCERTAIN_US", "250_000", "25", "for a test")
    with planted(bug):
        assert (clock.MOST_UNCERTAIN_US, rules.MOST_UNCERTAIN_US) == (25, 25)
    assert (clock.MOST_UNCERTAIN_US, rules.MOST_UNCERTAIN_US) == (250_000, 250_000)


def test_a_table_loses_one_of_its_rules() -> None:
    bug = Planted("rule", "I2", "kouan.gate.lane_controller.rules:RULES", "    order_is_in_force,\n", "", "for a test")
    before = rules.RULES
    with planted(bug):
        assert set(before) - set(rules.RULES) == {rules.order_is_in_force}
        assert judge_order.__globals__["RULES"] is rules.RULES
    assert rules.RULES is before


def test_a_bug_is_gone_though_the_run_with_it_failed() -> None:
    with pytest.raises(ZeroDivisionError), planted(replace(WORSE, new="return 1 // 0 + self.within_us")):
        clock.ClockEstimate(0, 0, 10).uncertainty_us(0)
    assert clock.ClockEstimate(0, 0, 10).uncertainty_us(0) == 11


@pytest.mark.parametrize(
    "bug",
    [
        replace(WORSE, old="return self.gone"),
        replace(WORSE, old="self"),
        replace(WORSE, target="kouan.gate.lane_controller.clock:ClockEstimate.gone"),
        Planted("constant", "I6", "kouan.gate.visit:CROSSING_US", "seconds(121)", "1", "for a test"),
    ],
)
def test_a_bug_that_does_not_fit_the_code_is_told_loudly(bug: Planted) -> None:
    with pytest.raises(NotPlanted), planted(bug):
        pass
    assert visit.CROSSING_US == 120 * SECOND
