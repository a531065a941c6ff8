"""The weighbridge: frames ten times a second, a mass that swings before it stands, and a scale that drifts."""

import functools
import math
from random import Random

from kouan.protocols.weighbridge.codec import encode_frame
from kouan.protocols.weighbridge.messages import Frame
from kouan.simulator.roles import Sleep
from kouan.simulator.wire import Voice

FRAME_S = 0.1
"""Seconds between frames: the XK3190 sends about ten a second."""

CHUNK_FRAMES = 2
"""Frames in one message where a scenario does not say it. Our choice: a serial server flushes five times a second."""

CALM_CHUNK_FRAMES = 10
"""Frames in one message once the load has stood still for ``SEEN_STANDING_S``. Our choice: nothing new is in them."""

SEEN_STANDING_S = 1.4

ZERO_CHUNKS = 6
"""Chunks by which the empty bridge is shown: twelve frames over a second."""

DIVISION_KG = 20
"""Smallest step shown, in kilograms; usual for bridges of 100 t and more (class III, OIML R 76)."""

CAPACITY_KG = 150_000
"""Our choice; above it and nine divisions the indicator shows only that it is overloaded (OIML R 76, 4.2.3)."""

OVERLOAD = 999_999

MOST_FRAMES = 8192
"""Frames that are written once and known again: about as many as there are masses on the indicator."""


class Scale:
    """One weighbridge; ``drift_pm`` is how far, in per mille, its span has wandered.

    ``frames`` of them are sent at a time while the load moves.
    """

    def __init__(
        self, voice: Voice, random: Random, sleep: Sleep, drift_limit_pm: float, frames: int = CHUNK_FRAMES
    ) -> None:
        self.voice = voice
        self.drift_pm = random.uniform(-drift_limit_pm, drift_limit_pm)
        self._random = random
        self._sleep = sleep
        self._limit = drift_limit_pm
        self._frames = frames
        self._vehicle = 0
        self._weighing = 0

    def show_zero(self) -> None:
        """Send one chunk of the empty bridge."""
        self._send([0] * CHUNK_FRAMES)

    async def prove_zero(self, span_s: float) -> None:
        """Show the empty bridge over ``span_s`` seconds, long enough for its zero to be believed."""
        self.show_zero()
        for _ in range(ZERO_CHUNKS - 1):
            await self._sleep(span_s / (ZERO_CHUNKS - 1))
            self.show_zero()

    def leave(self) -> None:
        """Let the vehicle drive off."""
        self._vehicle += 1

    async def weigh(self, gross_kg: int, comes_in_s: float, settles_s: float) -> None:
        """Send frames while the vehicle comes in for ``comes_in_s``, swings for ``settles_s``, stands and is gone.

        The bridge lies before the stop line: for the first half of the way in it is still empty.
        """
        vehicle, elapsed = self._vehicle, 0.0
        self._weighing = vehicle
        self._wander()
        stable = gross_kg * (1 + self.drift_pm / 1000)
        phase = self._random.uniform(0, math.tau)
        while vehicle == self._vehicle:
            frames = self._frames if elapsed < comes_in_s + settles_s + SEEN_STANDING_S else CALM_CHUNK_FRAMES
            chunk = []
            for _ in range(frames):
                chunk.append(self._shown(stable, elapsed - comes_in_s / 2, comes_in_s / 2, settles_s, phase))
                elapsed += FRAME_S
            self._send(chunk)
            await self._sleep(FRAME_S * frames)
        for _ in range(ZERO_CHUNKS):
            if self._vehicle != vehicle + 1 or self._weighing != vehicle:
                return
            self.show_zero()
            await self._sleep(FRAME_S * CHUNK_FRAMES)

    def _shown(self, stable: float, elapsed: float, drive_on_s: float, settles_s: float, phase: float) -> float:
        if elapsed <= 0:
            return 0.0
        if elapsed < drive_on_s:
            # Axle by axle; six steps stand for any number of them.
            return stable * math.ceil(6 * elapsed / drive_on_s) / 6 + self._random.gauss(0, 200)
        since = elapsed - drive_on_s
        if since >= settles_s:
            return stable
        # Springs and tyres: about 1.5 Hz (ISO 8608 vehicles: 1 to 3 Hz), dying away until the vehicle stands still.
        swing = 0.02 * stable * math.exp(-4 * since / settles_s) * (1 - since / settles_s)
        return stable + swing * math.cos(math.tau * 1.5 * since + phase) + self._random.gauss(0, 25)

    def _wander(self) -> None:
        step = self._random.gauss(0, self._limit / 20) if self._limit else 0.0
        self.drift_pm = max(-self._limit, min(self._limit, self.drift_pm + step))

    def _send(self, masses: list[float] | list[int]) -> None:
        frames = b"".join([_frame(round(mass / DIVISION_KG)) for mass in masses])
        self.voice.stream("frames", frames, telemetry=True)


@functools.lru_cache(maxsize=MOST_FRAMES)
def _frame(divisions: int) -> bytes:
    shown = divisions * DIVISION_KG
    return encode_frame(Frame(OVERLOAD if shown > CAPACITY_KG + 9 * DIVISION_KG else shown))
