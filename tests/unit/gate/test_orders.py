"""What an order is rejected for before anybody looks at its signature, and how well a lane knows the time."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gate.lane_kit import LANE, PLATFORM, PORT, STRANGER, Table

from kouan.gate.lane_controller.clock import ClockEstimate, join, measure
from kouan.gate.lane_controller.orders import LONG_EXPIRED_US, check_age, check_audience, peek
from kouan.protocols import jws
from kouan.protocols.lane_order import codec
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue

ORDER = Table().order()
SIGNED = codec.sign_order(PLATFORM, ORDER)


def rule_of_peek(compact: bytes) -> str:
    with pytest.raises(InvalidValue) as caught:
        peek(codec.ORDERS, compact)
    return caught.value.rule


def test_a_look_shows_what_an_order_says_whoever_signed_it() -> None:
    for signer in (PLATFORM, STRANGER):
        assert peek(codec.ORDERS, codec.sign_order(signer, ORDER)) == ORDER


@pytest.mark.parametrize(
    ("compact", "rule"),
    [
        (b"", "jws.form"),
        (b"a.b", "jws.form"),
        (b"a.b.c.d", "jws.form"),
        (b"a.%%%%.c", "jws.form"),
        (b"x" * (jws.MAX_BYTES + 1), "jws.size"),
        (b"a." + base64.urlsafe_b64encode(b"[" * 3000).rstrip(b"=") + b".c", "field.type"),
        (b"a." + base64.urlsafe_b64encode(b"{}").rstrip(b"=") + b".c", "field.missing"),
    ],
)
def test_what_cannot_be_an_order_is_told_by_its_form(compact: bytes, rule: str) -> None:
    assert rule_of_peek(compact) == rule


@given(st.binary(max_size=600))
def test_no_bytes_do_more_than_be_refused(noise: bytes) -> None:
    for compact in (noise, b"a." + base64.urlsafe_b64encode(noise).rstrip(b"=") + b".c"):
        with pytest.raises(InvalidValue):
            peek(codec.ORDERS, compact)


def test_an_order_is_for_one_lane_of_one_port() -> None:
    check_audience(ORDER, PORT, LANE)
    for port, lane, rule in (("erenhot", LANE, "order.other_port"), (PORT, "I2", "order.other_lane")):
        with pytest.raises(InvalidValue) as caught:
            check_audience(ORDER, port, lane)
        assert caught.value.rule == rule


def test_age_is_told_only_where_the_clock_leaves_no_doubt() -> None:
    clock = ClockEstimate(ORDER.expires_at + LONG_EXPIRED_US, 0, SECOND)
    check_age(ORDER.expires_at, None, 10 * SECOND)
    check_age(ORDER.expires_at, clock, SECOND)
    with pytest.raises(InvalidValue, match="long_expired"):
        check_age(ORDER.expires_at, clock, SECOND + SECOND // 10)


instants = st.integers(0, 10**12)
spans = st.integers(0, SECOND)


@given(sent=instants, there=spans, back=spans, offset=st.integers(-(10**9), 10**9), age=st.integers(0, 10**10))
def test_the_estimate_never_errs_by_more_than_it_says(sent: int, there: int, back: int, offset: int, age: int) -> None:
    answered = sent + there
    clock = measure(sent, answered + back, answered + offset)
    now = answered + back + age
    for drift_ppm in (-200, 0, 200):
        true = now + offset + (now - answered) * drift_ppm // 10**6
        assert abs(clock.platform_time(now) - true) <= clock.uncertainty_us(now) + 1


@given(first=spans, second=spans, leap=st.integers(-(10**8), 10**8))
def test_of_two_estimates_that_agree_the_surer_is_kept_and_a_leap_is_as_unsure_as_it_is_long(
    first: int, second: int, leap: int
) -> None:
    old, new = ClockEstimate(0, 0, first), ClockEstimate(leap, 0, second)
    joined = join(old, new, 0)
    if abs(leap) <= old.uncertainty_us(0) + new.uncertainty_us(0):
        assert joined.within_us == min(first, second)
    else:
        assert joined.within_us >= abs(leap)
        assert joined.platform_time(0) == leap
