"""The catalogue of channels: what travels where, which way, how surely, and by which codec."""

import enum
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from kouan.protocols.agency import codec as agency
from kouan.protocols.agency.messages import CaseFile, Verdict
from kouan.protocols.barrier import codec as barrier
from kouan.protocols.barrier.messages import BarrierChanged, OpenBarrier
from kouan.protocols.container_camera import codec as container_camera
from kouan.protocols.container_camera.messages import ContainerMessage
from kouan.protocols.disinfection import codec as disinfection
from kouan.protocols.disinfection.messages import DisinfectionDone
from kouan.protocols.driver_terminal import codec as driver_terminal
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.health_kiosk import codec as health_kiosk
from kouan.protocols.health_kiosk.messages import HealthDeclared
from kouan.protocols.lane_order import codec as lane_order
from kouan.protocols.lane_order.messages import ControllerReport, HoldNotice, LaneReset, OpenOrder, Poll, PollAnswer
from kouan.protocols.network import codec as network
from kouan.protocols.network.messages import Bulletin, Entries, Head, Taken, Wanted, Witnessed
from kouan.protocols.plate_camera import codec as plate_camera
from kouan.protocols.plate_camera.messages import PlateRead
from kouan.protocols.plc import codec as plc
from kouan.protocols.plc.messages import PlcMessage
from kouan.protocols.queue_counter import codec as queue_counter
from kouan.protocols.queue_counter.messages import QueueCounted
from kouan.protocols.radiation_portal import codec as radiation_portal
from kouan.protocols.seal_reader import codec as seal_reader
from kouan.protocols.seal_reader.messages import SealRead
from kouan.protocols.signed import UnverifiedCodec
from kouan.protocols.signs import codec as signs
from kouan.protocols.signs.messages import DisplayCommand, LightCommand
from kouan.protocols.status import codec as status
from kouan.protocols.status.messages import DeviceStatus
from kouan.protocols.stream import Chunk
from kouan.protocols.weighbridge import codec as weighbridge


class Flow(enum.StrEnum):
    """Which way a message goes."""

    TO_PLATFORM = "to_platform"
    FROM_PLATFORM = "from_platform"
    WITHIN_LANE = "within_lane"
    TO_HUB = "to_hub"
    FROM_HUB = "from_hub"


class Codec(Protocol):
    """Bytes ↔ messages of one channel."""

    max_bytes: int

    @property
    def message_type(self) -> Any:
        """The struct, or the union of structs, that it reads."""
        ...

    def encode(self, message: Any) -> bytes:
        """Return the payload; raise InvalidValue if the message does not belong here."""
        ...

    def decode(self, payload: bytes) -> Any:
        """Return the message; raise InvalidValue, and nothing else, for any other bytes."""
        ...


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel of the catalogue.

    ``place`` is ``lane``, ``agency``, ``approach`` or ``hub``; ``signed`` is the ``typ`` of a signed message, whose
    payload is ``carries``. ``qos`` is MQTT's: 1 where a message must not be lost, 0 for telemetry, for what is
    sent again until it is answered, and for the command to a barrier, which must not arrive twice.
    """

    place: str
    device: str
    name: str
    summary: str
    carries: Any
    codec: Codec
    flow: Flow = Flow.TO_PLATFORM
    qos: int = 1
    retained: bool = False
    signed: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What finds this channel: place, device and name."""
        return self.place, self.device, self.name


DEVICES = (
    "barrier",
    "container_camera",
    "disinfection",
    "display",
    "driver_terminal",
    "health_kiosk",
    "light",
    "plate_camera",
    "plc",
    "radiation_portal",
    "seal_reader",
    "weighbridge",
)
"""The devices of a lane; each tells its status. ``controller`` is the lane controller, which does so as well."""

UNVERIFIED = UnverifiedCodec()


def _event(device: str, codec: Codec, carries: Any, summary: str) -> Channel:
    return Channel(place="lane", device=device, name="event", summary=summary, carries=carries, codec=codec)


_TO_PLATFORM = (
    _event("plc", plc.CODEC, PlcMessage, "Loops, light curtains, profile, crossings and faults of the lane PLC."),
    _event("plate_camera", plate_camera.CODEC, PlateRead, "A plate as read, front or rear."),
    _event("container_camera", container_camera.CODEC, ContainerMessage, "A container as read, or that there is none."),
    _event("seal_reader", seal_reader.CODEC, SealRead, "An electronic seal's number and condition."),
    _event("driver_terminal", driver_terminal.CODEC, DriverRead, "The driver's document, match scores and occupants."),
    _event("health_kiosk", health_kiosk.CODEC, HealthDeclared, "Health declaration, temperature and symptoms."),
    _event("disinfection", disinfection.CODEC, DisinfectionDone, "A vehicle was sprayed."),
    _event("barrier", barrier.EVENTS, BarrierChanged, "An arm changed its position."),
    Channel(
        place="lane",
        device="weighbridge",
        name="frames",
        summary="Frames of the XK3190 indicator, cut anywhere.",
        carries=Chunk,
        codec=weighbridge.CHUNKS,
        qos=0,
    ),
    Channel(
        place="lane",
        device="radiation_portal",
        name="lines",
        summary="Lines of the Rapiscan portal, cut anywhere.",
        carries=Chunk,
        codec=radiation_portal.CHUNKS,
    ),
    Channel(
        place="lane",
        device="controller",
        name="report",
        summary="What became of an order, signed by the lane controller.",
        carries=ControllerReport,
        codec=UNVERIFIED,
        signed=lane_order.REPORT_TYPE,
    ),
    Channel(
        place="lane",
        device="controller",
        name="poll",
        summary="The lane controller asks for the time and the hold epochs of its lanes, on the topic of the first.",
        carries=Poll,
        codec=lane_order.POLLS,
    ),
    Channel(
        place="approach",
        device="queue_counter",
        name="event",
        summary="Vehicles waiting before the gate, for each direction.",
        carries=QueueCounted,
        codec=queue_counter.CODEC,
    ),
    Channel(
        place="agency",
        device="*",
        name="verdict",
        summary="An authority's signed verdict on a case.",
        carries=Verdict,
        codec=UNVERIFIED,
        signed=agency.VERDICT_TYPE,
    ),
)

_FROM_PLATFORM = (
    Channel(
        place="lane",
        device="order",
        name="open",
        summary="A signed order to open one barrier once for one vehicle.",
        carries=OpenOrder,
        codec=UNVERIFIED,
        signed=lane_order.ORDER_TYPE,
        flow=Flow.FROM_PLATFORM,
        qos=0,
    ),
    Channel(
        place="lane",
        device="order",
        name="hold",
        summary="A signed hold: orders of a lower epoch are void.",
        carries=HoldNotice,
        codec=UNVERIFIED,
        signed=lane_order.HOLD_TYPE,
        flow=Flow.FROM_PLATFORM,
        qos=0,
    ),
    Channel(
        place="lane",
        device="order",
        name="reset",
        summary="A person's signed leave to end a lane's latch.",
        carries=LaneReset,
        codec=UNVERIFIED,
        signed=lane_order.RESET_TYPE,
        flow=Flow.FROM_PLATFORM,
        qos=0,
    ),
    Channel(
        place="lane",
        device="order",
        name="poll_answer",
        summary="The platform's signed time and hold epochs, on the topic on which they were asked for.",
        carries=PollAnswer,
        codec=UNVERIFIED,
        signed=lane_order.POLL_TYPE,
        flow=Flow.FROM_PLATFORM,
        qos=0,
    ),
    Channel(
        place="lane",
        device="light",
        name="command",
        summary="The colour of the signal light.",
        carries=LightCommand,
        codec=signs.LIGHT,
        flow=Flow.FROM_PLATFORM,
        qos=0,
    ),
    Channel(
        place="lane",
        device="display",
        name="command",
        summary="What the display shows the driver.",
        carries=DisplayCommand,
        codec=signs.DISPLAY,
        flow=Flow.FROM_PLATFORM,
        qos=0,
    ),
    Channel(
        place="agency",
        device="*",
        name="case",
        summary="What an authority needs to know of one passage.",
        carries=CaseFile,
        codec=agency.CASES,
        flow=Flow.FROM_PLATFORM,
        qos=0,
    ),
)

_WITHIN_LANE = (
    Channel(
        place="lane",
        device="barrier",
        name="command",
        summary="The lane controller, and nobody else, opens a barrier.",
        carries=OpenBarrier,
        codec=barrier.COMMANDS,
        flow=Flow.WITHIN_LANE,
        qos=0,
    ),
)


def _to_hub(name: str, codec: Codec, carries: Any, summary: str) -> Channel:
    return Channel(
        place="hub", device="hub", name=name, summary=summary, carries=carries, codec=codec, flow=Flow.TO_HUB, qos=0
    )


_HUB = (
    _to_hub("entries", network.ENTRIES, Entries, "Consecutive entries of the port's ledger, sent until taken."),
    _to_hub("head", network.HEADS, Head, "The latest signed head of the port's ledger."),
    _to_hub("wanted", network.WANTED, Wanted, "The port asks what was taken, and for bulletins that it lacks."),
    Channel(
        place="hub",
        device="hub",
        name="taken",
        summary="How much of the port's ledger the hub holds durably.",
        carries=Taken,
        codec=network.TAKEN,
        flow=Flow.FROM_HUB,
        qos=0,
    ),
    Channel(
        place="hub",
        device="hub",
        name="witnessed",
        summary="The hub's signed word that a head agrees with what it has taken.",
        carries=Witnessed,
        codec=UNVERIFIED,
        signed=network.WITNESS_TYPE,
        flow=Flow.FROM_HUB,
        qos=0,
    ),
    Channel(
        place="hub",
        device="hub",
        name="bulletin",
        summary="One signed list: holds, watch list, rulebooks, pre-authorised vehicles or sightings.",
        carries=Bulletin,
        codec=network.SIGNED_BULLETINS,
        signed=network.BULLETIN_TYPE,
        flow=Flow.FROM_HUB,
        qos=0,
    ),
)


def _status(place: str, device: str) -> Channel:
    return Channel(
        place=place,
        device=device,
        name="status",
        summary="Whether the device is there, and its faults; offline as its last will.",
        carries=DeviceStatus,
        codec=status.CODEC,
        retained=True,
    )


_STATUS = (
    *(_status("lane", device) for device in (*DEVICES, "controller")),
    _status("approach", "queue_counter"),
)

CHANNELS: Mapping[tuple[str, str, str], Channel] = {
    channel.key: channel for channel in (*_TO_PLATFORM, *_FROM_PLATFORM, *_WITHIN_LANE, *_HUB, *_STATUS)
}
"""Every channel there is, by place, device and name; an authority's name stands as ``*``."""
