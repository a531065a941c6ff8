"""The lane PLC: loops, curtains, the vehicle's profile and the count of stops, kept over restarts."""

from random import Random

from kouan.protocols.plc.messages import CrossingSeen, Curtain, CurtainChanged, Loop, LoopChanged, VehicleMeasured
from kouan.simulator.vehicles import Rig
from kouan.simulator.wire import Voice


class Plc:
    """Tells what its loops and curtains see; ``track`` is the number of the last stop."""

    def __init__(self, voice: Voice, random: Random, last_track: int) -> None:
        self.voice = voice
        self.track = last_track
        self.stuck: dict[Loop, bool] = {}
        self.missed = 0
        self._occupied: dict[Loop, bool] = {}
        self._random = random

    def boot(self) -> None:
        """Start: tell that every loop is free and every curtain whole, whatever stood there before."""
        for loop in Loop:
            self.loop(loop, occupied=False)
        for curtain in Curtain:
            self.curtain(curtain, broken=False)

    def restart(self, *, at_line: bool) -> None:
        """Start anew, with numbers from one: every loop is found free, and then the one on which a vehicle stands."""
        self.voice.restart()
        self.voice.status()
        self.stuck.clear()
        self.boot()
        if at_line:
            self.loop(Loop.STOP, occupied=True)

    def loop(self, loop: Loop, *, occupied: bool, counted: bool = True) -> None:
        """Tell that a loop changed; a vehicle that enters the stop loop begins the next track, where it is counted.

        Of a loop that is stuck the PLC notices no change, and tells nothing.
        """
        self._occupied[loop] = occupied
        if loop in self.stuck:
            self.missed += 1
            return
        if loop is Loop.STOP and occupied and counted:
            self.track += 1
        self.voice.stand(f"loop {loop}", LoopChanged, loop=loop, occupied=occupied, track=self.track)

    def stick(self, loop: Loop) -> None:
        """Let a loop show for ever what it shows now."""
        self.stuck[loop] = self._occupied.get(loop, False)

    def unstick(self, loop: Loop) -> None:
        """Let a loop show again what stands on it; tell it where that changed."""
        shown = self.stuck.pop(loop, None)
        occupied = self._occupied.get(loop, False)
        if shown is not None and shown != occupied:
            self.loop(loop, occupied=occupied)

    def curtain(self, curtain: Curtain, *, broken: bool) -> None:
        """Tell that a light curtain changed."""
        self.voice.tell(CurtainChanged, curtain=curtain, broken=broken, track=self.track)

    def measure(self, rig: Rig, *, alone: bool) -> None:
        """Tell the profile of the vehicle at the line, its length within 0.15 m."""
        self.voice.stand(
            "vehicle",
            VehicleMeasured,
            track=self.track,
            axles=rig.axles,
            length_mm=rig.length_mm + self._random.randint(-150, 150),
            alone=alone,
        )

    def crossed(self, vehicles: int, order_id: str | None) -> None:
        """Tell how many vehicles passed the exit curtain in this opening."""
        self.voice.tell(CrossingSeen, track=self.track, vehicles=vehicles, order_id=order_id)
