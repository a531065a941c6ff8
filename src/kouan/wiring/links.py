"""Connections to the device network's broker, each as the participant that it is."""

from random import SystemRandom
from secrets import token_urlsafe
from urllib.parse import urlsplit

from kouan.adapters.engines.broker_users import BrokerUser, secret_name
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import NatsServer
from kouan.adapters.mqtt.link import DeviceLink, MqttAddress, Will
from kouan.adapters.nats.link import NatsAddress, PlatformLink
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import PortName
from kouan.wiring.settings import BrokerSettings

MQTT_PORT = 1883
"""The port that IANA assigns to MQTT."""


def broker_of(server: NatsServer) -> BrokerSettings:
    """Return the address of an embedded server."""
    return BrokerSettings(nats_url=server.nats_url, mqtt_host="127.0.0.1", mqtt_tcp_port=server.mqtt_port)


def outside_broker(nats: str, mqtt: str | None) -> BrokerSettings:
    """Return the address of an outside server, whose MQTT gateway is at ``mqtt`` (``host:port``) or beside it."""
    parts = urlsplit(nats)
    if parts.scheme not in ("nats", "tls") or not parts.hostname:
        raise InvalidValue("nats", "settings.nats", "must be an address as in nats://host:4222")
    host, _, tcp_port = (mqtt or "").rpartition(":")
    if mqtt and (not host or not tcp_port.isdigit()):
        raise InvalidValue("mqtt", "settings.mqtt", "must be host:port")
    return BrokerSettings(
        nats_url=nats, mqtt_host=host or parts.hostname, mqtt_tcp_port=int(tcp_port) if mqtt else MQTT_PORT
    )


def mqtt_address(folder: DataFolder, broker: BrokerSettings, user: BrokerUser) -> MqttAddress:
    """Return where and as whom a participant connects by MQTT."""
    return MqttAddress(broker.mqtt_host, broker.mqtt_tcp_port, user.value, folder.secret(secret_name(user)))


def platform_link(folder: DataFolder, broker: BrokerSettings, port: str) -> PlatformLink:
    """Return the platform's link, not open yet."""
    user = BrokerUser.PLATFORM
    mqtt = mqtt_address(folder, broker, user)
    return PlatformLink(NatsAddress(broker.nats_url, mqtt.user, mqtt.password, mqtt), PortName.parse(port))


def device_link(
    folder: DataFolder,
    broker: BrokerSettings,
    user: BrokerUser,
    client_id: str,
    *,
    subscriptions: tuple[str, ...] = (),
    will: Will | None = None,
    persistent: bool = False,
) -> DeviceLink:
    """Return a participant's link over MQTT, not open yet; see ``DeviceLink`` for ``persistent``."""
    address = mqtt_address(folder, broker, user)
    return DeviceLink(address, client_id, subscriptions=subscriptions, will=will, persistent=persistent)


def secret() -> str:
    """Return a fresh unguessable text: 256 random bits, URL-safe."""
    return token_urlsafe(32)


def chance() -> SystemRandom:
    """Return the machine's own source of chance."""
    return SystemRandom()
