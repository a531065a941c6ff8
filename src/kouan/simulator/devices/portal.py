"""The radiation portal: counts by chance around background, lines while a vehicle passes, alarms above a threshold."""

import math
from random import Random

from kouan.protocols.radiation_portal.codec import encode_line
from kouan.protocols.radiation_portal.messages import CountKind, CountLine, Detectors, EndLine, Line
from kouan.simulator.roles import Sleep
from kouan.simulator.vehicles import Lorry
from kouan.simulator.wire import Voice

DETECTORS = 4
SCAN_S = 0.2
"""Seconds between gamma scans (Rapiscan lines: counts in 200 ms)."""

GAMMA_BACKGROUND_CPS = 350
"""Gamma counts a second of one detector at rest. Our choice: large plastic scintillators count 200 to 600."""

NEUTRON_BACKGROUND_CPS = 1.0
"""Neutron counts a second of one detector at rest. Our choice, for helium-3 tubes on the ground."""

GAMMA_SIGMAS = 7.0
"""Alarm threshold above background in standard deviations of one scan; vendors set 5 to 8."""

NEUTRON_ALARM_CPS = 18
"""Neutron alarm threshold of all detectors together, counts a second. Our choice: seven deviations above background."""


def poisson(random: Random, mean: float) -> int:
    """Return a Poisson number: Knuth's product method below 30, the normal approximation above."""
    if mean > 30:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    product, count, limit = random.random(), 0, math.exp(-mean)
    while product > limit:
        product *= random.random()
        count += 1
    return count


class Portal:
    """The pillars at the lane's entry; ``alarms`` says what the last occupancy raised, for the truth log."""

    def __init__(self, voice: Voice, random: Random, sleep: Sleep, last_number: int) -> None:
        self.voice = voice
        self.last_alarm = False
        self._random = random
        self._sleep = sleep
        self._occupancies = last_number % 1_000_000

    def tell_background(self) -> None:
        """Send the background of both kinds, as portals do every few seconds while nobody passes."""
        self._send(
            CountLine(CountKind.GAMMA_BACKGROUND, self._counts(GAMMA_BACKGROUND_CPS)),
            CountLine(CountKind.NEUTRON_BACKGROUND, self._counts(NEUTRON_BACKGROUND_CPS)),
        )

    async def watch(self, lorry: Lorry, passing_s: float) -> None:
        """Send the lines of one occupancy that lasts ``passing_s`` seconds."""
        self.tell_background()
        if not self.voice.healthy:
            return
        self.last_alarm = False
        scans = max(5, round(passing_s / SCAN_S))
        pause = passing_s / scans
        waiting: list[Line] = []
        for scan in range(scans):
            waiting += self._scan(lorry, (scan + 0.5) / scans, with_neutrons=scan % 5 == 4)
            await self._sleep(pause)
            if scan % 5 == 4:
                self._send(*waiting)
                waiting = []
        self._send(*waiting)
        if self.voice.healthy:
            self._occupancies = (self._occupancies + 1) % 1_000_000
        self._send(EndLine(self._occupancies, round(NEUTRON_BACKGROUND_CPS * DETECTORS * 1000)))

    def _scan(self, lorry: Lorry, place: float, *, with_neutrons: bool) -> list[Line]:
        # The load is seen best in the middle of the passage; steel and coal shade the background there.
        profile = math.sin(math.pi * place)
        mean = GAMMA_BACKGROUND_CPS * SCAN_S
        gamma = self._counts(mean * (1 + profile * lorry.gamma_pm / 1000))
        background = mean * DETECTORS
        alarm = sum(gamma) > background + GAMMA_SIGMAS * math.sqrt(background)
        lines: list[Line] = [CountLine(CountKind.GAMMA_ALARM if alarm else CountKind.GAMMA_SCAN, gamma)]
        if with_neutrons:
            neutrons = self._counts(NEUTRON_BACKGROUND_CPS + (60.0 * profile if lorry.neutron else 0.0))
            many = sum(neutrons) > NEUTRON_ALARM_CPS
            alarm = alarm or many
            lines.append(CountLine(CountKind.NEUTRON_ALARM if many else CountKind.NEUTRON_SCAN, neutrons))
        self.last_alarm = self.last_alarm or alarm
        return lines

    def _counts(self, mean: float) -> Detectors:
        random = self._random
        return poisson(random, mean), poisson(random, mean), poisson(random, mean), poisson(random, mean)

    def _send(self, *lines: Line) -> None:
        if not lines:
            return
        self.voice.stream("lines", b"".join(encode_line(line) for line in lines), telemetry=False)
