"""Where the device network's broker is, embedded or outside; nothing here connects to it."""

from pathlib import Path
from urllib.parse import urlsplit

from kouan.adapters.engines.nats import NatsServer
from kouan.vocabulary.errors import InvalidValue
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
