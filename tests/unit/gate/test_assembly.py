"""What a portal measured is told of the vehicle that was in it, and an alarm is told of whoever comes next."""

from kouan.gate.assembly import PORTAL_AGE_US, Assembly
from kouan.gate.evidence import RadiationMeasured
from kouan.protocols.radiation_portal.messages import Occupancy
from kouan.vocabulary.clock import SECOND, Instant


def occupancy(ended_at: Instant, *, gamma_alarm: bool = False, incomplete: bool = False) -> Occupancy:
    """Return what one vehicle left behind."""
    return Occupancy(
        number=1,
        started_at=ended_at - 4 * SECOND,
        ended_at=ended_at,
        gamma_alarm=gamma_alarm,
        neutron_alarm=False,
        gamma_peak_cps=3292 if gamma_alarm else 1500,
        gamma_background_cps=1404,
        neutron_peak_cps=2,
        neutron_background_cps=1,
        incomplete=incomplete,
    )


def alarms(*passed: Occupancy, stops_at: Instant) -> list[bool]:
    """Return, of what the next vehicle is told of, whether it alarmed."""
    assembly = Assembly()
    for each in passed:
        assert assembly.measure(each, "radiation_portal") == ()
    found = assembly.begin(1, stops_at)
    return [one.gamma_alarm for one in found if isinstance(one, RadiationMeasured)]


def test_what_passed_the_portal_counts_for_the_vehicle_that_stops_next_unless_it_is_too_old() -> None:
    assert alarms(occupancy(10 * SECOND), stops_at=11 * SECOND) == [False]
    assert alarms(occupancy(10 * SECOND), stops_at=11 * SECOND + PORTAL_AGE_US) == []


def test_an_alarm_counts_however_old_the_clock_says_it_is() -> None:
    assert alarms(occupancy(10 * SECOND, gamma_alarm=True), stops_at=864 * SECOND) == [True]


def test_nothing_that_comes_after_an_alarm_takes_its_place() -> None:
    alarm, empty = occupancy(10 * SECOND, gamma_alarm=True), occupancy(10 * SECOND, incomplete=True)
    assert alarms(alarm, empty, stops_at=11 * SECOND) == [True]
    assert alarms(empty, alarm, stops_at=11 * SECOND) == [True]
    assert alarms(occupancy(9 * SECOND), empty, stops_at=11 * SECOND) == [False]
