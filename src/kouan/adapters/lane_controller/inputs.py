"""From a message on a topic to an input of a lane, and which topics to listen to."""

from collections.abc import Callable, Mapping

from kouan.gate.lane_controller.state import AnswerCame, HoldCame, Input, OrderCame, ResetCame, StatusChanged
from kouan.protocols.barrier import codec as barrier
from kouan.protocols.plate_camera import codec as plate_camera
from kouan.protocols.plc import codec as plc
from kouan.protocols.seal_reader import codec as seal_reader
from kouan.protocols.status import codec as status
from kouan.protocols.topics import DeviceTopic

_ORDERS: Mapping[str, Callable[[bytes], Input]] = {
    "open": OrderCame,
    "reset": ResetCame,
    "hold": HoldCame,
    "poll_answer": AnswerCame,
}
_EVENTS: Mapping[str, Callable[[bytes], Input]] = {
    "plc": plc.CODEC.decode,
    "barrier": barrier.EVENTS.decode,
    "plate_camera": plate_camera.CODEC.decode,
    "seal_reader": seal_reader.CODEC.decode,
}


def subscriptions(port: str) -> tuple[str, ...]:
    """Return the topic filters that a lane controller of this port listens to.

    Six, and no more: nats-server shares 65,535 unacknowledged messages among a session's subscriptions, and refuses the
    first one above, at 10,000 each (``engines.nats``).
    """
    return (
        f"kouan/{port}/+/order/+",
        *(f"kouan/{port}/+/{device}/event" for device in _EVENTS),
        f"kouan/{port}/+/+/status",
    )


def input_of(topic: DeviceTopic, payload: bytes) -> Input | None:
    """Return what a message means to its lane, None where it means nothing; raise InvalidValue if it is none.

    Signed messages are passed on as they came: the lane itself checks them.
    """
    match topic.device, topic.channel:
        case "order", channel if channel in _ORDERS:
            return _ORDERS[channel](payload)
        case device, "event" if device in _EVENTS:
            return _EVENTS[device](payload)
        case ("plc" | "barrier") as device, "status":
            return StatusChanged(device, status.CODEC.decode(payload))
        case _:
            return None
