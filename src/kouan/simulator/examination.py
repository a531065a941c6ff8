"""What the devices of a lane do with the lorry at its line, each after its time."""

from collections.abc import Callable
from random import Random

from kouan.simulator.anomalies import Anomaly
from kouan.simulator.equipment import Equipment
from kouan.simulator.surroundings import Surroundings
from kouan.simulator.vehicles import Lorry

FOLLOWER_BACKS_OFF_S = 25.0
"""How long a lorry that stands too close behind another takes to back off. Our choice."""


class Examination:
    """The devices' looks at one lorry after the other; one that has left is not looked at any more."""

    def __init__(self, name: str, around: Surroundings, random: Random, present: Callable[[], Lorry | None]) -> None:
        """``present`` tells which lorry stands at the line."""
        self.name = name
        self._around = around
        self._random = random
        self._present = present
        self._lane: Equipment | None = None

    def begin(self, lane: Equipment, lorry: Lorry) -> None:
        """Let each device of a lane look at the lorry that stopped, after its time."""
        timings = self._around.scenario.timings
        self._lane = lane
        follower = lorry.has(Anomaly.TAILGATER) and self._random.random() < 0.5
        self.later(lorry, self._span(timings.measure), lambda _: lane.plc.measure(lorry.rig, alone=not follower))
        if follower:
            self.later(lorry, FOLLOWER_BACKS_OFF_S, lambda _: lane.plc.measure(lorry.rig, alone=True))
        plates_s = self._span(timings.plates)
        self.later(lorry, plates_s, lambda track: self._misread(track, "plate", lane.plates.front(lorry, track)))
        self.later(lorry, plates_s, lambda track: self._misread(track, "trailer", lane.plates.rear(lorry, track)))
        container_s = self._span(timings.container)
        self.later(
            lorry, container_s, lambda track: self._misread(track, "container", lane.containers.look(lorry, track))
        )
        self.later(lorry, self._span(timings.seal), lambda track: lane.seals.interrogate(lorry, track))
        self.later(lorry, self._span(timings.health), lambda track: lane.kiosk.examine(lorry, track))
        self.later(lorry, self._span(timings.disinfection), lane.disinfection.spray)
        self.later(lorry, self._span(timings.driver), lambda track: lane.terminal.identify(lorry, track))

    def later(self, lorry: Lorry, after_s: float, act: Callable[[int], None]) -> None:
        """Do something with the lorry after so many seconds, if it still stands there; ``act`` is given its track."""
        self._around.spawn(self._act_later(lorry, after_s, act))

    async def _act_later(self, lorry: Lorry, after_s: float, act: Callable[[int], None]) -> None:
        await self._around.sleep(after_s)
        if self._present() is lorry and self._lane is not None:
            act(self._lane.plc.track)

    def _misread(self, track: int, what: str, text: str | None) -> None:
        if text is not None:
            now = self._around.clock.now()
            self._around.diary.note("misread", self.name, now, track=track, what=what, read=text)

    def _span(self, span: tuple[float, float]) -> float:
        return self._random.uniform(*span)
