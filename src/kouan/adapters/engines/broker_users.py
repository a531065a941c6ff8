"""Who may say what on the device network: one user a kind of participant, each with the least that it needs.

Subjects are NATS's (``kouan.PORT.LANE.DEVICE.CHANNEL``); on MQTT the dots are slashes. What is not allowed is denied.
"""

import enum

import msgspec


class BrokerUser(enum.StrEnum):
    """The participants of the device network; their passwords are ``secrets/broker-NAME`` in the data folder."""

    PLATFORM = "platform"
    LANE_CONTROLLER = "lane-controller"
    DEVICES = "devices"
    AGENCIES = "agencies"


class Permissions(msgspec.Struct, frozen=True):
    """Subjects that a user may publish and subscribe to; ``connections`` names NATS's kinds of connection."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    publish_denied: tuple[str, ...] = ()
    subscribe_denied: tuple[str, ...] = ()
    connections: tuple[str, ...] = ("MQTT",)


BARRIER_COMMAND = "kouan.*.*.barrier.command"
"""What moves a barrier: the lane controller alone may publish it."""

_INTERNAL = "$MQTT.msgs.>"
"""Where the gateway stores messages. A user without rules may publish here by MQTT, and what lands here reaches every
QoS 1 subscriber past all rules (tried with nats-server 2.15.1). The lists below do not allow it; it is denied besides,
because nats-server's pull request 7637 lets MQTT clients use ``$MQTT.>`` unless they are denied it."""

PERMISSIONS: dict[BrokerUser, Permissions] = {
    BrokerUser.PLATFORM: Permissions(
        publish=(
            "kouan.*.*.order.*",
            "kouan.*.*.light.command",
            "kouan.*.*.display.command",
            "kouan.*.agency.*.case",
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.$MQTT_msgs",
            "$JS.API.CONSUMER.CREATE.$MQTT_msgs.>",
            "$JS.API.CONSUMER.DURABLE.CREATE.$MQTT_msgs.>",
            "$JS.API.CONSUMER.INFO.$MQTT_msgs.>",
            "$JS.API.CONSUMER.NAMES.$MQTT_msgs",
            "$JS.API.CONSUMER.LIST.$MQTT_msgs",
            "$JS.API.CONSUMER.DELETE.$MQTT_msgs.>",
            "$JS.ACK.$MQTT_msgs.>",
        ),
        subscribe=("kouan.*.>", "_INBOX.>"),
        publish_denied=(_INTERNAL,),
        # MQTT only to open the session that makes the gateway create its streams.
        connections=("STANDARD", "MQTT"),
    ),
    BrokerUser.LANE_CONTROLLER: Permissions(
        publish=(
            BARRIER_COMMAND,
            "kouan.*.*.controller.report",
            "kouan.*.*.controller.poll",
            "kouan.*.*.controller.status",
        ),
        subscribe=("kouan.*.*.order.*", "kouan.*.*.*.event", "kouan.*.*.*.status"),
        publish_denied=(_INTERNAL,),
        subscribe_denied=(_INTERNAL,),
    ),
    BrokerUser.DEVICES: Permissions(
        publish=(
            "kouan.*.*.*.event",
            "kouan.*.*.*.status",
            "kouan.*.*.weighbridge.frames",
            "kouan.*.*.radiation_portal.lines",
        ),
        subscribe=(
            BARRIER_COMMAND,
            "kouan.*.*.light.command",
            "kouan.*.*.display.command",
            "kouan.*.*.controller.status",
        ),
        publish_denied=(_INTERNAL, "kouan.*.*.controller.>", "kouan.*.*.order.>", "kouan.*.agency.>"),
        subscribe_denied=(_INTERNAL,),
    ),
    BrokerUser.AGENCIES: Permissions(
        publish=("kouan.*.agency.*.verdict",),
        subscribe=("kouan.*.agency.*.case",),
        publish_denied=(_INTERNAL,),
        subscribe_denied=(_INTERNAL,),
    ),
}
"""The rules of the network that kouan starts; an outside one must be given the same."""


def secret_name(user: BrokerUser) -> str:
    """Return the name of the file with the user's password."""
    return f"broker-{user.value}"
