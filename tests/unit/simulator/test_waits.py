"""What is waited for is drawn once, and forgotten a day after it is over."""

from random import Random

from tests.integration.web.web_kit import HandClock

from kouan.simulator.waits import KEPT_S, Waits


def test_a_span_is_drawn_once_and_passes() -> None:
    clock, chance = HandClock(), Random(1)
    waits, since = Waits(clock, chance, speed=10.0), clock.now()
    assert not waits.over("a", since, (60.0, 60.0))
    drawn = chance.getstate()
    clock.advance(5.9)
    assert not waits.over("a", since, (60.0, 60.0))
    clock.advance(0.1)
    assert waits.over("a", since, (60.0, 60.0))
    assert chance.getstate() == drawn


def test_what_is_over_for_a_day_is_forgotten_and_what_is_waited_for_is_not() -> None:
    clock = HandClock()
    waits = Waits(clock, Random(1), speed=1.0)
    waits.over("long", clock.now(), (20 * KEPT_S, 20 * KEPT_S))
    for number in range(1000):
        waits.over(f"sheet {number}", clock.now(), (1.0, 60.0))
        clock.advance(KEPT_S / 100)
    assert len(waits) < 110
    assert not waits.over("long", clock.now(), (0.0, 0.0))
