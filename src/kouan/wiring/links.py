"""Connections to the device network's broker, each as the participant that it is."""

from pathlib import Path
from random import SystemRandom
from secrets import token_urlsafe
from urllib.parse import urlsplit

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.device_identities import platform_seed
from kouan.adapters.engines.nats import NatsServer
from kouan.adapters.mqtt.link import DeviceLink, MqttAddress, TlsFiles, Will
from kouan.adapters.nats.link import NatsAddress, PlatformLink
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import PortName
from kouan.wiring.identities import PLATFORM, authority_path, client_id, own_path
from kouan.wiring.settings import BrokerSettings

MQTT_PORT = 8883
"""The port that IANA assigns to MQTT over TLS."""


def broker_of(server: NatsServer) -> BrokerSettings:
    """Return the address of an embedded server."""
    return BrokerSettings(nats_url=server.nats_url, mqtt_host=server.host, mqtt_tcp_port=server.mqtt_port)


def outside_broker(nats: str, mqtt: str | None, authority: Path | None = None) -> BrokerSettings:
    """Return the address of an outside server, whose MQTT gateway is at ``mqtt`` (``host:port``) or beside it.

    ``authority`` is the certificate that signed the server's; the device network's own where it is None.
    """
    parts = urlsplit(nats)
    if parts.scheme not in ("nats", "tls") or not parts.hostname:
        raise InvalidValue("nats", "settings.nats", "must be an address as in nats://host:4222")
    host, _, tcp_port = (mqtt or "").rpartition(":")
    if mqtt and (not host or not tcp_port.isdigit()):
        raise InvalidValue("mqtt", "settings.mqtt", "must be host:port")
    return BrokerSettings(
        nats_url=nats,
        mqtt_host=host or parts.hostname,
        mqtt_tcp_port=int(tcp_port) if mqtt else MQTT_PORT,
        authority=authority,
    )


def mqtt_address(folder: DataFolder, broker: BrokerSettings, name: str) -> MqttAddress:
    """Return where one of our own participants connects by MQTT, with its certificate."""
    authority = broker.authority or authority_path(folder)
    return MqttAddress(broker.mqtt_host, broker.mqtt_tcp_port, TlsFiles(authority, folder.path / own_path(name)))


def platform_link(folder: DataFolder, broker: BrokerSettings, port: str) -> PlatformLink:
    """Return the platform's link, not open yet."""
    mqtt, authority = mqtt_address(folder, broker, PLATFORM), broker.authority or authority_path(folder)
    return PlatformLink(NatsAddress(broker.nats_url, platform_seed(folder), mqtt, authority), PortName.parse(port))


def device_link(
    folder: DataFolder,
    broker: BrokerSettings,
    name: str,
    *,
    subscriptions: tuple[str, ...] = (),
    will: Will | None = None,
    persistent: bool = False,
) -> DeviceLink:
    """Return the link of one of our own participants over MQTT, not open yet; see ``DeviceLink`` for the rest."""
    return DeviceLink(
        mqtt_address(folder, broker, name),
        client_id(folder, name),
        subscriptions=subscriptions,
        will=will,
        persistent=persistent,
    )


def secret() -> str:
    """Return a fresh unguessable text: 256 random bits, URL-safe."""
    return token_urlsafe(32)


def chance() -> SystemRandom:
    """Return the machine's own source of chance."""
    return SystemRandom()
