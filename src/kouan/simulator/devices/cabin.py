"""What looks at people: the driver terminal, the health kiosk; and the disinfection unit beside them."""

from random import Random

from kouan.protocols.disinfection.messages import DisinfectionDone
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.health_kiosk.messages import HealthDeclared
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.people import td3
from kouan.simulator.vehicles import Lorry
from kouan.simulator.wire import Voice


class DriverTerminal:
    """Reads the document, compares face and finger with it, counts who sits in the cab."""

    def __init__(self, voice: Voice, random: Random) -> None:
        self.voice = voice
        self._random = random

    def identify(self, lorry: Lorry, track: int) -> None:
        """Tell who drives, as far as the terminal can say."""
        random = self._random
        shown = lorry.papers.driver if lorry.impostor else lorry.driver
        self.voice.tell(
            DriverRead,
            track=track,
            mrz=td3(shown),
            face_score_pm=self._face(lorry),
            liveness_pm=round(1000 * random.betavariate(60, 2)),
            fingerprint_score_pm=round(1000 * (random.betavariate(2, 20) if lorry.impostor else _good(random))),
            fingerprint_quality=random.randint(45, 90),
            occupants=lorry.occupants,
        )

    def _face(self, lorry: Lorry) -> int:
        # Similarity in per mille. Distributions are our choice: genuine pairs about 940, strangers about 280.
        if lorry.impostor:
            return round(1000 * self._random.betavariate(5, 13))
        if lorry.has(Anomaly.FACE_UNCERTAIN):
            return self._random.randint(420, 560)
        return round(1000 * _good(self._random))


def _good(random: Random) -> float:
    return max(0.85, random.betavariate(70, 4))


class HealthKiosk:
    """Takes the health declaration and the skin temperature."""

    def __init__(self, voice: Voice, random: Random) -> None:
        self.voice = voice
        self._random = random

    def examine(self, lorry: Lorry, track: int) -> None:
        """Tell the declaration, the temperature (±0.1 °C) and the symptoms."""
        fever = lorry.has(Anomaly.FEVER)
        self.voice.tell(
            HealthDeclared,
            track=track,
            declaration_number=f"HD{self._random.randrange(10**10):010d}",
            temperature_dc=lorry.temperature_dc + self._random.choice((-1, 0, 0, 1)),
            symptoms=fever and self._random.random() < 0.4,
        )


class DisinfectionUnit:
    """Sprays wheels and body."""

    def __init__(self, voice: Voice, random: Random) -> None:
        self.voice = voice
        self._random = random

    def spray(self, track: int) -> None:
        """Tell that the programme ran to its end, and what it used."""
        self.voice.tell(DisinfectionDone, track=track, ok=True, litres_dl=self._random.randint(110, 150))
