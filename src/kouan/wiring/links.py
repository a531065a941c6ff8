"""Connections to the device network's broker, each as the participant that it is."""

from collections.abc import Callable
from random import SystemRandom
from secrets import token_urlsafe

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.device_identities import platform_seed
from kouan.adapters.mqtt.link import DeviceLink, MqttAddress, TlsFiles, Will
from kouan.adapters.nats.link import NatsAddress, PlatformLink
from kouan.adapters.nats.progress import log_loss, log_withheld
from kouan.adapters.nats.taken import furthest_taken
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.vocabulary.places import PortName
from kouan.vocabulary.verdict import Alert, Reason
from kouan.wiring.identities import PLATFORM, authority_path, client_id, own_path
from kouan.wiring.settings import BrokerSettings


def mqtt_address(folder: DataFolder, broker: BrokerSettings, name: str) -> MqttAddress:
    """Return where one of our own participants connects by MQTT, with its certificate."""
    authority = broker.authority or authority_path(folder)
    return MqttAddress(broker.mqtt_host, broker.mqtt_tcp_port, TlsFiles(authority, folder.path / own_path(name)))


def platform_link(
    folder: DataFolder,
    broker: BrokerSettings,
    port: str,
    *,
    taken: str = "",
    went_back: Callable[[int, int], None] = log_loss,
    withheld: Callable[[int, int], None] = log_withheld,
) -> PlatformLink:
    """Return the platform's link, not open yet; see ``PlatformLink`` for the rest."""
    mqtt, authority = mqtt_address(folder, broker, PLATFORM), broker.authority or authority_path(folder)
    address = NatsAddress(broker.nats_url, platform_seed(folder), mqtt, authority)
    return PlatformLink(address, PortName.parse(port), taken=taken, went_back=went_back, withheld=withheld)


async def watched_link(
    folder: DataFolder, broker: BrokerSettings, port: str, ledger: PostgresLedger, alarm: Alert
) -> PlatformLink:
    """Return the platform's link, not open yet; a person is called where the broker has lost something."""

    def went_back(known: int, found: int) -> None:
        log_loss(known, found)
        alarm("", "", 1, Reason("broker.went_back", {"known": known, "found": found}))

    def withheld(first: int, last: int) -> None:
        log_withheld(first, last)
        alarm("", "", 1, Reason("broker.withheld", {"first": first, "last": last}))

    taken = await furthest_taken(ledger)
    return platform_link(folder, broker, port, taken=taken, went_back=went_back, withheld=withheld)


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
