"""From what devices tell to evidence: which readings are of the vehicle at the stop line, and when they are complete.

A reading names its stop by the PLC's ``track``, so it may come before the arrival that it belongs to. The weighbridge
and the radiation portal know no track: a weight counts only if it stood still after the vehicle stopped, a portal's
occupancy only if it ended at most ``PORTAL_AGE_US`` before the stop.
"""

import msgspec

from kouan.gate.evidence import (
    ContainersRead,
    Evidence,
    HealthChecked,
    ImageReference,
    PlatesRead,
    Positioned,
    RadiationMeasured,
    SealCondition,
    SealRead,
    Weighed,
)
from kouan.gate.procedures import Procedure
from kouan.protocols.container_camera.messages import ContainerPosition, ContainerRead, NoContainer
from kouan.protocols.disinfection.messages import DisinfectionDone
from kouan.protocols.fields import Image
from kouan.protocols.health_kiosk.messages import HealthDeclared
from kouan.protocols.plate_camera.messages import PlatePosition, PlateRead
from kouan.protocols.plc.messages import VehicleMeasured
from kouan.protocols.radiation_portal.messages import Occupancy
from kouan.protocols.seal_reader.messages import SealRead as SealReading
from kouan.protocols.weighbridge.messages import StableMass
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import ContainerNumber, PlateNumber

PAIR_WAIT_US = seconds(1.5)
"""How long the second of two readings is awaited (rear plate, rear container). Our choice: twice what cameras take."""

DISINFECTION_WAIT_US = seconds(6)
"""How long the end of disinfection is awaited after the health declaration. Our choice: a spray arch takes 3 to 5 s."""

PORTAL_AGE_US = seconds(60)
"""How old a portal's occupancy may be when the vehicle stops. Our choice: it stands some 20 m before the line. An alarm
never grows too old: clocks jump, and it is better told of the next vehicle than of none (I20)."""

Reading = PlateRead | ContainerRead | NoContainer | SealReading | HealthDeclared | DisinfectionDone | VehicleMeasured
"""What bears a track."""

MOST_EARLY = 16
"""Readings kept for a stop that has not begun. Our choice: twice what a lane's devices tell of one vehicle."""


class Scale(msgspec.Struct, frozen=True):
    """Until when a weighbridge's calibration holds, and when it last stood at zero with the lane empty."""

    device: str
    calibrated_until: Instant
    zero_checked_at: Instant = 0


class Assembly:
    """The readings of one lane, put together for the vehicle that stands at its stop line.

    Holds nothing but what the messages said; the same messages at the same instants give the same evidence.
    """

    def __init__(self) -> None:
        self._track: int | None = None
        self._stopped_at: Instant = 0
        self._early: list[tuple[Reading, Instant]] = []
        self._occupancy: tuple[Occupancy, str] | None = None
        self._weighed = False
        self._measured = False
        self._known: frozenset[Procedure] = frozenset()
        self._clear()

    @property
    def track(self) -> int | None:
        """The stop that is being put together."""
        return self._track

    @property
    def next_due(self) -> Instant | None:
        """When ``due`` has something to give, if nothing else comes."""
        return min((at for at in (self._plates_due, self._containers_due, self._health_due) if at), default=None)

    @property
    def waiting(self) -> bool:
        """Whether readings wait for their other half, or for the vehicle that they are of."""
        return self.next_due is not None or bool(self._early) or (self._sprayed is not None and self._health is None)

    @property
    def early_occupancy(self) -> bool:
        """Whether a portal's occupancy waits for the next vehicle."""
        return self._occupancy is not None

    def forget_occupancy(self) -> None:
        """Forget the occupancy that waits: it was of a vehicle that was measured already."""
        self._occupancy = None

    def begin(self, track: int, now: Instant) -> tuple[Evidence, ...]:
        """Begin with a vehicle that stopped; return the evidence that was there already."""
        self._clear()
        self._track, self._stopped_at = track, now
        early, self._early = self._early, []
        found: list[Evidence] = []
        if self._occupancy is not None:
            passed = self._occupancy[0]
            if passed.alarm or now - passed.ended_at <= PORTAL_AGE_US:
                found.append(radiation(*self._occupancy))
        self._occupancy = None
        for reading, at in early:
            if reading.track == track:
                found += self.take(reading, at)
        return tuple(found)

    def resume(self, track: int, now: Instant, known: frozenset[Procedure]) -> None:
        """Go on with a vehicle of which an earlier process recorded evidence for the procedures ``known``.

        What that process made it of may come again in part, so half a pair is waited for no longer to say something
        else; a whole pair still counts. Weight and radiation are measured once a stop, as they were before.
        """
        self.begin(track, now)
        self._known = known
        self._weighed = Procedure.WEIGHT in known
        self._measured = Procedure.RADIATION in known

    def end(self) -> None:
        """Forget the vehicle: it left, or nobody knows any more which it is."""
        self._track = None
        self._clear()

    def take(self, reading: Reading, now: Instant) -> tuple[Evidence, ...]:
        """Take a reading in; return the evidence that it completes."""
        if self._track is None or reading.track > self._track:
            self._early = [*self._early[-MOST_EARLY:], (reading, now)]
            return ()
        return self._take(reading, now) if reading.track == self._track else ()

    def weigh(self, stable: StableMass, scale: Scale) -> tuple[Evidence, ...]:
        """Take a weight that stood still; it counts if the run began after the vehicle stopped."""
        if self._track is None or self._weighed or stable.since < self._stopped_at:
            return ()
        self._weighed = True
        return (
            Weighed(
                source=scale.device,
                at=stable.at,
                mass_kg=stable.mass_kg,
                stable_frames=stable.frames,
                calibrated_until=scale.calibrated_until,
                zero_checked_at=scale.zero_checked_at,
            ),
        )

    def measure(self, occupancy: Occupancy, device: str) -> tuple[Evidence, ...]:
        """Take a portal's occupancy: of the vehicle that stands here, or of the next one.

        Of several that wait the last counts, but none takes the place of an alarm that nobody was told of yet.
        """
        if self._track is None or self._measured:
            if self._occupancy is None or occupancy.alarm or not self._occupancy[0].alarm:
                self._occupancy = (occupancy, device)
            return ()
        self._measured = True
        return (radiation(occupancy, device),)

    def due(self, now: Instant) -> tuple[Evidence, ...]:
        """Return the evidence that waits no longer for its second half."""
        found: list[Evidence] = []
        if self._plates_due and now >= self._plates_due:
            found += self._end_plates()
        if self._containers_due and now >= self._containers_due:
            found += self._end_containers()
        if self._health_due and now >= self._health_due:
            found += self._end_health()
        return tuple(found)

    def _take(self, reading: Reading, now: Instant) -> tuple[Evidence, ...]:
        match reading:
            case PlateRead():
                return self._plate(reading, now)
            case ContainerRead():
                return self._container(reading, now)
            case HealthDeclared() | DisinfectionDone():
                return self._well(reading, now)
            case NoContainer():
                return self._no_container(reading)
            case SealReading():
                return (seal(reading),)
            case VehicleMeasured():
                return (positioned(reading),)

    def _clear(self) -> None:
        self._front: PlateRead | None = None
        self._rear: PlateRead | None = None
        self._boxes: dict[ContainerPosition, ContainerRead] = {}
        self._health: HealthDeclared | None = None
        self._sprayed: DisinfectionDone | None = None
        self._plates_due: Instant = 0
        self._containers_due: Instant = 0
        self._health_due: Instant = 0
        self._weighed = False
        self._measured = False
        self._known = frozenset()

    def _plate(self, reading: PlateRead, now: Instant) -> tuple[Evidence, ...]:
        if reading.position is PlatePosition.FRONT:
            self._front = reading
        else:
            self._rear = reading
        if self._front is not None and self._rear is not None:
            return self._end_plates()
        if Procedure.PLATES not in self._known:
            self._plates_due = now + PAIR_WAIT_US
        return ()

    def _end_plates(self) -> tuple[Evidence, ...]:
        self._plates_due = 0
        return (plates(self._front, self._rear),)

    def _container(self, reading: ContainerRead, now: Instant) -> tuple[Evidence, ...]:
        self._boxes[reading.position] = reading
        if len(self._boxes) == len(ContainerPosition):
            return self._end_containers()
        if Procedure.CONTAINER not in self._known:
            self._containers_due = now + PAIR_WAIT_US
        return ()

    def _no_container(self, reading: NoContainer) -> tuple[Evidence, ...]:
        self._containers_due = 0
        return (
            ContainersRead(
                source=reading.device, at=reading.at, confidence_pm=reading.confidence_pm, numbers=(), valid=True
            ),
        )

    def _end_containers(self) -> tuple[Evidence, ...]:
        self._containers_due = 0
        return (containers(tuple(self._boxes[place] for place in ContainerPosition if place in self._boxes)),)

    def _well(self, reading: HealthDeclared | DisinfectionDone, now: Instant) -> tuple[Evidence, ...]:
        if isinstance(reading, DisinfectionDone):
            self._sprayed = reading
        else:
            self._health = reading
            if Procedure.HEALTH not in self._known:
                self._health_due = now + DISINFECTION_WAIT_US
        return self._end_health() if self._sprayed is not None else ()

    def _end_health(self) -> tuple[Evidence, ...]:
        if self._health is None:
            return ()
        self._health_due = 0
        return (health(self._health, self._sprayed),)


def positioned(read: VehicleMeasured) -> Positioned:
    """Return the vehicle's stand at the stop line."""
    return Positioned(
        source=read.device, at=read.at, track=read.track, axles=read.axles, length_mm=read.length_mm, alone=read.alone
    )


def plates(front: PlateRead | None, rear: PlateRead | None) -> PlatesRead:
    """Return the plates; what is no country's plate is kept as it was read and said to be so."""
    reads = tuple(read for read in (front, rear) if read is not None)
    tractor, tractor_parsed = _plate_text(front)
    trailer, trailer_parsed = _plate_text(rear)
    return PlatesRead(
        source=reads[0].device,
        at=max(read.at for read in reads),
        confidence_pm=min(read.confidence_pm for read in reads),
        images=_images(*(read.image for read in reads)),
        tractor=tractor,
        trailer=trailer,
        parsed=tractor_parsed and trailer_parsed,
    )


def _plate_text(read: PlateRead | None) -> tuple[str | None, bool]:
    if read is None or not read.text.strip():
        return None, True
    try:
        return str(PlateNumber.parse(read.text)), True
    except InvalidValue:
        return read.text.strip(), False


def containers(reads: tuple[ContainerRead, ...]) -> ContainersRead:
    """Return the container numbers, front first; ``valid`` only if every check digit holds."""
    numbers, valid = [], True
    for read in reads:
        try:
            numbers.append(str(ContainerNumber.parse(read.number)))
        except InvalidValue:
            numbers.append(read.number.strip())
            valid = False
    return ContainersRead(
        source=reads[0].device,
        at=max(read.at for read in reads),
        confidence_pm=min(read.confidence_pm for read in reads),
        images=_images(*(read.image for read in reads)),
        numbers=tuple(numbers),
        valid=valid,
        size_types=tuple(read.size_type for read in reads),
        damage=tuple(code for read in reads for code in read.damage),
    )


def seal(read: SealReading) -> SealRead:
    """Return the electronic seal's number and condition."""
    return SealRead(source=read.device, at=read.at, number=read.number, condition=SealCondition(read.condition.value))


def radiation(occupancy: Occupancy, device: str) -> RadiationMeasured:
    """Return what the portal measured; an incomplete or tampered occupancy is a fault, because it proves nothing."""
    fault = next(iter(occupancy.faults), None)
    if occupancy.tamper:
        fault = "tamper"
    elif occupancy.incomplete and fault is None:
        fault = "incomplete"
    return RadiationMeasured(
        source=device,
        at=occupancy.ended_at,
        gamma_alarm=occupancy.gamma_alarm,
        neutron_alarm=occupancy.neutron_alarm,
        gamma_peak_cps=occupancy.gamma_peak_cps,
        gamma_background_cps=occupancy.gamma_background_cps,
        fault=fault,
    )


def health(declared: HealthDeclared, sprayed: DisinfectionDone | None) -> HealthChecked:
    """Return the health check of the driver and the disinfection of the vehicle."""
    return HealthChecked(
        source=declared.device,
        at=declared.at if sprayed is None else max(declared.at, sprayed.at),
        declared=declared.declaration_number is not None,
        symptoms=declared.symptoms,
        temperature_dc=declared.temperature_dc,
        disinfected=sprayed is not None and sprayed.ok,
    )


def _images(*images: Image | None) -> tuple[ImageReference, ...]:
    return tuple(ImageReference(image.sha256, image.box) for image in images if image is not None)
