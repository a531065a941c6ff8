"""The reader of electronic seals: broken, absent and silent ones."""

from random import Random

from kouan.protocols.seal_reader.messages import SealCondition, SealRead
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.vehicles import Lorry
from kouan.simulator.wire import Voice


class SealReader:
    """Interrogates the seal of the vehicle at the stop line."""

    def __init__(self, voice: Voice, random: Random) -> None:
        self.voice = voice
        self._random = random

    def interrogate(self, lorry: Lorry, track: int) -> None:
        """Tell what answered: a number, one that was tampered with, nothing, or noise."""
        number, condition = self._answer(lorry)
        self.voice.stand("seal", SealRead, track=track, number=number, condition=condition)

    def _answer(self, lorry: Lorry) -> tuple[str | None, SealCondition]:
        if lorry.seal is None:
            return None, SealCondition.ABSENT
        if lorry.has(Anomaly.SEAL_UNREADABLE):
            return None, SealCondition.UNREADABLE
        if lorry.seal_tampered:
            # A seal whose loop was cut still answers more often than not.
            return (lorry.seal if self._random.random() < 0.9 else None), SealCondition.TAMPERED
        return lorry.seal, SealCondition.INTACT
