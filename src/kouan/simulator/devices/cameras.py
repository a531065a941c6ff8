"""Cameras for plates and containers: what they read, how sure they are, and when they are wrong."""

from random import Random

from kouan.protocols.container_camera.messages import ContainerPosition, ContainerRead, NoContainer
from kouan.protocols.fields import Image
from kouan.protocols.plate_camera.messages import PlateColour, PlatePosition, PlateRead
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.misreading import confidence_pm, misread
from kouan.simulator.photography import Photographer
from kouan.simulator.vehicles import Container, Lorry, Rig
from kouan.simulator.wire import Voice


def _colour(rig: Rig) -> PlateColour:
    # Chinese lorries and trailers bear yellow plates (GA 36-2018), Mongolian ones white.
    return PlateColour.YELLOW if rig.nationality == "CHN" else PlateColour.WHITE


class PlateCamera:
    """Reads the tractor's plate in front and the trailer's behind."""

    def __init__(self, voice: Voice, random: Random, photographer: Photographer) -> None:
        self.voice = voice
        self._random = random
        self._photographer = photographer

    def front(self, lorry: Lorry, track: int) -> str | None:
        """Tell the tractor's plate; return the text if it was misread."""
        return self._read(PlatePosition.FRONT, lorry, lorry.rig.plate, track, lorry.has(Anomaly.PLATE_MISREAD))

    def rear(self, lorry: Lorry, track: int) -> str | None:
        """Tell the trailer's plate, or an empty text where there is no trailer; return the text if it was misread."""
        if lorry.rig.trailer is None:
            self._tell(PlatePosition.REAR, "", self._sure(), PlateColour.UNKNOWN, None, track)
            return None
        wrong = lorry.has(Anomaly.PLATE_MISREAD) and self._random.random() < 0.25
        return self._read(PlatePosition.REAR, lorry, lorry.rig.trailer, track, wrong)

    def _read(self, position: PlatePosition, lorry: Lorry, painted: str, track: int, wrong: bool) -> str | None:
        text = misread(self._random, painted) if wrong else painted
        image = self._photographer.plate(lorry.rig.nationality, painted, front=position is PlatePosition.FRONT)
        confidence = confidence_pm(self._random, right=not wrong)
        self._tell(position, text, confidence, _colour(lorry.rig), image, track)
        return text if wrong else None

    def _tell(
        self, position: PlatePosition, text: str, sure: int, colour: PlateColour, image: Image | None, track: int
    ) -> None:
        reading = {"text": text, "confidence_pm": sure, "colour": colour, "image": image}
        self.voice.stand(position, PlateRead, track=track, position=position, **reading)

    def _sure(self) -> int:
        return confidence_pm(self._random, right=True)


class ContainerCamera:
    """Reads container numbers and types, and sees damage."""

    def __init__(self, voice: Voice, random: Random, photographer: Photographer) -> None:
        self.voice = voice
        self._random = random
        self._photographer = photographer

    def look(self, lorry: Lorry, track: int) -> str | None:
        """Tell each container, or that there is none; return the number if one was misread."""
        if not lorry.containers:
            self.voice.tell(NoContainer, track=track, confidence_pm=confidence_pm(self._random, right=True))
            return None
        wrong_one = 0 if lorry.has(Anomaly.CONTAINER_MISREAD) else None
        read = [
            self._read(container, position, track, wrong=place == wrong_one)
            for place, (container, position) in enumerate(zip(lorry.containers, ContainerPosition, strict=False))
        ]
        return next((text for text in read if text is not None), None)

    def _read(self, container: Container, position: ContainerPosition, track: int, *, wrong: bool) -> str | None:
        number = misread(self._random, container.number) if wrong else container.number
        self.voice.tell(
            ContainerRead,
            track=track,
            position=position,
            number=number,
            size_type=container.size_type,
            confidence_pm=confidence_pm(self._random, right=not wrong),
            damage=container.damage,
            image=self._photographer.container(container.number, container.size_type),
        )
        return number if wrong else None
