"""The lane controller's own sight of the vehicle at the stop line, by which it checks an order's vehicle (I3).

It is made from the lane's devices and owes nothing to the platform. Any break of the stop loop empties it.
"""

import unicodedata

import msgspec

from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.plate_camera.messages import PlatePosition, PlateRead
from kouan.protocols.plc.messages import LoopChanged, VehicleMeasured
from kouan.protocols.seal_reader.messages import SealRead
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import PlateNumber


class Readings(msgspec.Struct, frozen=True):
    """What was read of the vehicle of one track, each the latest reading; None where nothing was read."""

    track: int
    axles: int | None = None
    alone: bool = False
    plate: str | None = None
    trailer: str | None = None
    seal: str | None = None


class VehicleView(msgspec.Struct, frozen=True):
    """What stands at the stop line, as the lane's own devices tell it.

    ``track`` is the stop now occupied, None while the line is free; ``since`` the monotonic instant from which it
    counts.
    ``readings`` may belong to a later track than the stop's, because devices do not wait for each other; those of
    tracks up to ``void`` are never taken, because that stop was broken.
    """

    track: int | None = None
    since: int = 0
    readings: Readings | None = None
    void: int = -1

    @property
    def seen(self) -> Readings | None:
        """The readings of the vehicle that stands at the line now."""
        if self.track is None or self.readings is None or self.readings.track != self.track:
            return None
        return self.readings


class Opening(msgspec.Struct, frozen=True):
    """One opening of a barrier: under which order, whether the arm has moved, how many vehicles have crossed.

    ``barrier`` is None where a restarted controller does not know which arm it was; ``since`` is the monotonic instant
    of its command, or of the controller's start after it. ``resumed`` says that the controller was started again since
    and had seen nobody cross: who crossed meanwhile was seen by nobody.
    """

    order_id: str
    barrier: Barrier | None
    moved: bool = False
    ended: bool = False
    crossed: int = 0
    since: int = 0
    resumed: bool = False


EMPTY = VehicleView()


def normal_plate(text: str) -> str | None:
    """Return a plate's normal form; where it is no known plate, its letters and digits; None where nothing was read."""
    try:
        return str(PlateNumber.parse(text))
    except InvalidValue:
        pass
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in folded if character.isalnum()) or None


def see_loop(view: VehicleView, message: LoopChanged, now: int) -> VehicleView:
    """Return the view after the stop loop changed: a new stop begins, or what was known is void."""
    if not message.occupied:
        return VehicleView(since=now, void=message.track)
    if view.track == message.track:
        return view
    early = view.readings
    if early is None or early.track != message.track or message.track <= view.void:
        early = Readings(message.track)
    return VehicleView(message.track, now, early, message.track - 1)


def see_vehicle(view: VehicleView, message: VehicleMeasured | PlateRead | SealRead) -> VehicleView:
    """Return the view after a device read something of the vehicle; an earlier or void track is passed over."""
    known = view.readings
    if message.track <= view.void or (known is not None and message.track < known.track):
        return view
    if known is None or message.track > known.track:
        known = Readings(message.track)
    return msgspec.structs.replace(view, readings=_read(known, message))


def _read(known: Readings, message: VehicleMeasured | PlateRead | SealRead) -> Readings:
    replace = msgspec.structs.replace
    if isinstance(message, VehicleMeasured):
        return replace(known, axles=message.axles, alone=message.alone)
    if isinstance(message, SealRead):
        return replace(known, seal=message.number)
    if message.position is PlatePosition.FRONT:
        return replace(known, plate=normal_plate(message.text))
    return replace(known, trailer=normal_plate(message.text))
