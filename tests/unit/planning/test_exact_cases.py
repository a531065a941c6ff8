"""The flow model against queueing theory; ``kouan prove planner`` does the same with intervals below one per cent."""

import msgspec
import pytest

from kouan.planning.model import exact
from kouan.proving.planner.exact_cases import cases, check, check_closely


def test_the_exact_value_lies_in_the_interval_in_at_least_eighteen_of_twenty_cases() -> None:
    found = [check(case, vehicles=4_000, replications=30, seed=1) for case in cases()]
    assert len(found) == 20
    assert sum(each.held for each in found) >= 18, [each.name for each in found if not each.held]


def test_a_model_that_is_five_per_cent_wrong_is_noticed() -> None:
    case = next(case for case in cases() if "a chain of three" in case.name)
    wrong = msgspec.structs.replace(case, exact=case.exact * 1.05)
    assert not check(wrong, vehicles=4_000, replications=30, seed=1).held


def test_the_interval_becomes_as_narrow_as_asked() -> None:
    case = next(case for case in cases() if "driving" in case.name)
    assert check_closely(case, 0.01, 30, seed=1).half_width <= 0.01


@pytest.mark.parametrize(
    ("load", "servers", "lost"),
    # Tables of Erlang B as printed in ITU-T E.520 and its like: 0.9 Erlang a circuit and so on, to three places.
    [(1.0, 1, 0.5), (2.0, 2, 0.4), (10.0, 10, 0.2146), (20.0, 30, 0.0085)],
)
def test_erlang_b_gives_the_tabled_values(load: float, servers: int, lost: float) -> None:
    assert exact.erlang_b(load, servers) == pytest.approx(lost, abs=5e-5)


def test_one_server_waits_as_the_textbook_has_it() -> None:
    assert exact.mmc_wait_s(0.8, 1.0, 1) == pytest.approx(4.0)
    assert exact.mg1_wait_s(0.8, 1.0, 0.0) == pytest.approx(2.0)
    assert exact.mmck_lost(1.0, 1.0, 1, 1) == pytest.approx(0.5)


def test_the_longest_of_two_equal_exponential_checks_is_half_as_long_again() -> None:
    mean, variance = exact.parallel_exponentials((10.0, 10.0))
    assert (mean, variance) == (pytest.approx(15.0), pytest.approx(125.0))
