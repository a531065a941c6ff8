"""Certificates on a real broker: who comes in, what each may say and hear, and how soon a revoked one is silent."""

import asyncio
import contextlib
import gc
import itertools
import re
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiomqtt
import pytest
from aiomqtt.exceptions import MqttConnectError
from nats.aio.client import Client
from nats.errors import Error as NatsError

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.broker_users import Identity, Kind, permissions_of
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.device_identities import (
    DAY,
    USERS_FILE,
    enrol,
    platform_seed,
    reload_devices,
    revoke,
    roster,
    write_broker_users,
)
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.nats_server import reload
from kouan.adapters.mqtt import client as mqtt
from kouan.adapters.mqtt.link import DeviceLink, MqttAddress, MqttTimes, TlsFiles
from kouan.adapters.signing.certificates import Certificate, CertificateAuthority, client_context, tls_context
from kouan.adapters.signing.nkeys import new_seed, public_nkey
from kouan.vocabulary.errors import NotAllowed, Unavailable
from kouan.wiring import identities

from .conftest import CONTROLLER, IDENTITIES, LANE, PLATFORM, PORT, RealNetwork, take

GOAL_S = 60.0
"""How soon a revoked identity must be silent."""

SHORT = MqttTimes(connect_within_s=0.5)

# What each may do, written by hand from docs/how-to/connect-a-device.md; nothing here is read from the code's tables.
EVENTS = (
    "plc", "plate_camera", "container_camera", "seal_reader", "driver_terminal", "health_kiosk", "disinfection",
    "barrier",
)  # fmt: skip
STATUSES = (*EVENTS, "weighbridge", "radiation_portal", "light", "display")
BOX_SAYS = {
    *((device, "event") for device in EVENTS),
    *((device, "status") for device in STATUSES),
    ("weighbridge", "frames"),
    ("radiation_portal", "lines"),
}
BOX_HEARS = {("barrier", "command"), ("light", "command"), ("display", "command"), ("controller", "status")}
CONTROLLER_SAYS = {("barrier", "command"), ("controller", "report"), ("controller", "poll"), ("controller", "status")}
ORDERS = {("order", "open"), ("order", "hold"), ("order", "reset"), ("order", "poll_answer")}
WATCHED = {(device, "event") for device in ("plc", "barrier", "plate_camera", "seal_reader")}


def oracle(who: str, port: str, place: str, device: str, channel: str) -> tuple[bool, bool]:
    """Say whether somebody may publish, and may hear, one topic."""
    said = (device, channel)
    lanes = {"box-I1": {"I1"}, "box-I2": {"I2"}, "box-both": {f"I{each}" for each in range(20)}, "box-erenhot": {"I1"}}
    if port != ("erenhot" if who == "box-erenhot" else "ganqimaodu"):
        return False, False
    if who in lanes:
        return place in lanes[who] and said in BOX_SAYS, place in lanes[who] and said in BOX_HEARS
    if who in ("customs", "site"):
        return (place, *said) == ("agency", who, "verdict"), (place, *said) == ("agency", who, "case")
    if who == "approach":
        return place == "approach" and said in {("queue_counter", "event"), ("queue_counter", "status")}, False
    if who == "lane-controller":
        lane = place in ("I1", "I2")
        hears = channel == "status" or (device == "order" and place != "hub") or said in WATCHED
        return lane and said in CONTROLLER_SAYS, hears if lane else said == ("queue_counter", "status")
    return False, False  # the platform, by MQTT


DEVICES = (*STATUSES, "controller", "order", "spy")
CHANNELS = (
    "event",
    "status",
    "frames",
    "lines",
    "command",
    "report",
    "poll",
    "open",
    "hold",
    "reset",
    "poll_answer",
    "x",
)


def universe() -> Iterator[tuple[str, str, str, str]]:
    """Yield every topic that there is, and many that there are not: port, place, device, channel."""
    for port in ("ganqimaodu", "erenhot"):
        yield from itertools.product((port,), ("I1", "I2"), DEVICES, CHANNELS)
        yield from itertools.product(
            (port,), ("agency",), ("border_inspection", "customs", "site"), ("case", "verdict", "x")
        )
        yield from itertools.product((port,), ("approach",), ("queue_counter",), ("event", "status", "command"))
        yield (port, "hub", "entries", "x")


EVERYBODY = (*IDENTITIES, CONTROLLER, PLATFORM)


def test_the_rules_are_what_the_handbook_says() -> None:
    own = {CONTROLLER: Identity(Kind.LANE_CONTROLLER, PORT), PLATFORM: Identity(Kind.PLATFORM, PORT)}
    cells = 0
    wrong = []
    for who in EVERYBODY:
        rules = permissions_of({**IDENTITIES, **own}[who])
        for words in universe():
            subject = ".".join(("kouan", *words))
            cells += 2
            if (rules.may_publish(subject), rules.may_subscribe(subject)) != oracle(who, *words):
                wrong.append((who, subject))
    assert wrong == []
    assert cells > 13_000


async def until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def client_of(real: RealNetwork, who: str, client_id: str) -> aiomqtt.Client:
    address = real.mqtt(who)
    assert address.tls is not None
    return aiomqtt.Client(
        address.host,
        address.tcp_port,
        tls_context=client_context(address.tls.authority, address.tls.own),
        identifier=client_id,
        max_concurrent_outgoing_calls=100,
    )


async def refused_publishes(real: RealNetwork, client: aiomqtt.Client, client_id: str) -> set[str]:
    """Return the subjects on which the broker's log says that a client must not publish."""
    log = real.folder.path / "logs" / "nats.log"
    await client.publish(f"no/topic/{client_id}", b"", qos=0)  # refused to everybody, and after everything before it
    pattern = re.compile(rf'"{re.escape(client_id)}" - Publish Violation - Subject "([^"]+)"')
    found: set[str] = set()

    def ended() -> bool:
        found.update(pattern.findall(log.read_text()))
        return f"no.topic.{client_id}" in found

    await until(ended)
    return found - {f"no.topic.{client_id}"}


@pytest.mark.parametrize("who", EVERYBODY)
async def test_the_broker_follows_the_rules_in_every_cell(real: RealNetwork, who: str) -> None:
    topics = {"/".join(("kouan", *words)): oracle(who, *words) for words in universe()}
    async with client_of(real, who, f"all-{who}") as client:
        for topic in topics:
            await client.publish(topic, b"", qos=0)
        refused = await refused_publishes(real, client, f"all-{who}")
        assert refused == {topic.replace("/", ".") for topic, (publishes, _) in topics.items() if not publishes}
        heard = set()
        names = list(topics)
        for start in range(0, len(names), 50):
            codes = await client.subscribe([(name, 0) for name in names[start : start + 50]])
            granted = [code if isinstance(code, int) else code.value for code in codes]
            heard |= {name for name, code in zip(names[start : start + 50], granted, strict=True) if code < 0x80}
            await client.unsubscribe(names[start : start + 50])
        assert heard == {topic for topic, (_, hears) in topics.items() if hears}


async def comes_in(real: RealNetwork, tls: TlsFiles | None) -> bool:
    """Try to connect with these files, or in the clear."""
    address = MqttAddress("127.0.0.1", real.server.mqtt_port, tls)
    async with DeviceLink(address, "newcomer", times=SHORT) as link:
        try:
            await link.connected(2)
        except (NotAllowed, Unavailable):
            return False
    return True


def kept(folder: Path, certificate: Certificate) -> Path:
    path = folder / f"{time.monotonic_ns()}.pem"
    path.write_bytes(certificate.pem)
    return path


async def test_only_a_good_certificate_comes_in(real: RealNetwork, tmp_path: Path) -> None:
    now, authority = SystemClock().now(), real.server.authority
    good = enrol(real.folder, "box-9", Identity(Kind.LANE, PORT, ("I9",)), now)
    await reload_devices(real.folder, now)
    own = CertificateAuthority.open(real.folder.path / "keys" / "devices-ca.pem", "", now)
    other = CertificateAuthority.open(tmp_path / "other-ca.pem", "kouan devices", now)
    name = good.subject.removeprefix("CN=")
    bad = {
        "in the clear": None,
        "of another authority": other.client(name, now),
        "expired": own.client(name, now - 900 * DAY),
        "not valid yet": own.client(name, now + 30 * DAY),
        "of a server": own.server((name,), now),
        "of nobody enrolled": own.client("box-9", now),
        "self-signed": Certificate((tmp_path / "other-ca.pem").read_bytes(), "CN=kouan devices", now),
    }
    assert await comes_in(real, TlsFiles(authority, kept(tmp_path, good)))
    entered = [
        why
        for why, certificate in bad.items()
        if await comes_in(real, None if certificate is None else TlsFiles(authority, kept(tmp_path, certificate)))
    ]
    assert entered == []


async def test_a_client_without_a_certificate_is_refused(real: RealNetwork) -> None:
    context = tls_context(real.server.authority.read_text())
    address = real.mqtt()
    with pytest.raises(aiomqtt.MqttError):
        async with mqtt.connection(
            aiomqtt.Client(address.host, address.tcp_port, tls_context=context, identifier="bare", timeout=1)
        ):
            pass


async def test_a_device_believes_no_other_broker(real: RealNetwork, tmp_path: Path) -> None:
    other = CertificateAuthority.open(tmp_path / "other-ca.pem", "kouan devices", SystemClock().now())
    (tmp_path / "other.crt").write_bytes(other.certificate_pem)
    own = real.mqtt().tls
    assert own is not None
    assert not await comes_in(real, TlsFiles(tmp_path / "other.crt", own.own))
    named = MqttAddress("127.0.0.2", real.server.mqtt_port, own)
    async with DeviceLink(named, "x", times=SHORT) as link:
        with pytest.raises(Unavailable):
            await link.connected(1)


@pytest.mark.parametrize("password", ["", "x"])
async def test_a_name_and_a_password_make_nobody_another(real: RealNetwork, password: str) -> None:
    subject = next(each.subject for each in roster(real.folder).items() if each.name == CONTROLLER)
    address = real.mqtt()
    assert address.tls is not None
    context = client_context(address.tls.authority, address.tls.own)
    claiming = aiomqtt.Client(
        address.host, address.tcp_port, tls_context=context, identifier="claims", username=subject, password=password
    )
    refused = {f"kouan.{PORT}.I1.barrier.command"}
    with contextlib.suppress(MqttConnectError):  # with a password it does not come in at all
        async with mqtt.connection(claiming):
            await claiming.publish(f"{LANE}/barrier/command", b"", qos=0)
            assert await refused_publishes(real, claiming, "claims") == refused


@pytest.mark.parametrize("password", ["", "x", None])
async def test_no_certificate_s_name_comes_in_by_nats(real: RealNetwork, password: str | None) -> None:
    for entry in roster(real.folder).items():
        client = Client()
        with pytest.raises(NatsError, match="Authorization"):
            await client.connect(
                real.server.nats_url, user=entry.subject, password=password, allow_reconnect=False, connect_timeout=1
            )
        await client.close()


async def test_a_revoked_device_is_cut_off_at_once_and_nobody_else_is(
    real: RealNetwork, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    clock, platform = SystemClock(), await real.platform()
    stays = await real.device("stays")
    issued = enrol(real.folder, "box-9", Identity(Kind.LANE, PORT, ("I9",)), clock.now())
    await reload_devices(real.folder, clock.now())
    tls = TlsFiles(real.server.authority, kept(tmp_path, issued))
    address = MqttAddress("127.0.0.1", real.server.mqtt_port, tls)
    async with DeviceLink(address, "box-9", times=SHORT) as link:
        await link.connected(10)
        await link.send(f"kouan/{PORT}/I9/plc/event", b"lawful")
        before = time.perf_counter()
        revoke(real.folder, "box-9", clock.now())
        assert await reload_devices(real.folder, clock.now())
        await until(lambda: not link._up.is_set(), GOAL_S)
        span_s = time.perf_counter() - before
        with pytest.raises((NotAllowed, Unavailable)):
            await link.connected(1.5)
        assert link.connections == 1
    sys.stdout.write(f"device cut off {span_s * 1000:.0f} ms after the command began\n")
    record_property("revoked_device_cut_off_s", span_s)
    await stays.send(f"{LANE}/plc/event", b"end")
    assert [message.payload for message in await take(platform, 2)] == [b"lawful", b"end"]
    assert stays.connections == 1
    await real.kill_broker()
    assert not await comes_in(real, tls)


async def test_a_new_certificate_ends_the_old_one_unless_it_is_kept_for_a_while(
    real: RealNetwork, tmp_path: Path
) -> None:
    now, authority = SystemClock().now(), real.server.authority
    lane = Identity(Kind.LANE, PORT, ("I9",))
    first, second = (TlsFiles(authority, kept(tmp_path, enrol(real.folder, "box-9", lane, now))) for _ in range(2))
    await reload_devices(real.folder, now)
    assert [await comes_in(real, each) for each in (first, second)] == [False, True]
    third = TlsFiles(authority, kept(tmp_path, enrol(real.folder, "box-9", lane, now, keep_old=True)))
    await reload_devices(real.folder, now)
    assert [await comes_in(real, each) for each in (first, second, third)] == [False, True, True]
    revoke(real.folder, "box-9", now, old_only=True)
    await reload_devices(real.folder, now)
    assert [await comes_in(real, each) for each in (first, second, third)] == [False, False, True]


async def test_who_knows_a_participant_s_name_cannot_take_its_session(real: RealNetwork, tmp_path: Path) -> None:
    folder = real.folder
    controller = await real.device(identities.client_id(folder, CONTROLLER), user=CONTROLLER, persistent=True)
    for guess in (
        CONTROLLER,
        f"{CONTROLLER}-",
        "field",
        "platform",
        identities.client_id(DataFolder(tmp_path), CONTROLLER),
    ):
        intruder = await real.device(guess)
        await real.leave(intruder)
    assert controller.connections == 1
    assert identities.client_id(folder, CONTROLLER) != identities.client_id(folder, PLATFORM)
    assert identities.client_id(folder, CONTROLLER) == identities.client_id(folder, CONTROLLER)


async def test_who_takes_a_session_over_hears_nothing_that_is_not_for_it(real: RealNetwork) -> None:
    platform = await real.platform()
    orders = (f"kouan/{PORT}/+/order/+", f"kouan/{PORT}/+/plc/event")
    controller = await real.device("known", user=CONTROLLER, subscriptions=orders, persistent=True)
    await real.leave(controller)
    box = await real.device("box")
    await box.send(f"{LANE}/plc/event", b"kept for the controller")
    intruder = client_of(real, "box-I2", "known")
    intruder._client._clean_session = False
    async with mqtt.connection(intruder):
        await intruder.subscribe(f"kouan/{PORT}/I2/light/command")
        await platform.send(f"{LANE}/order/open", b"order")
        await platform.send(f"kouan/{PORT}/I2/light/command", b"green")
        assert (await anext(aiter(intruder.messages))).payload == b"green"


@pytest.mark.filterwarnings("ignore:unclosed <StreamWriter:ResourceWarning")  # nats-py's, of an attempt refused
async def test_the_platform_comes_back_after_the_broker_did_not_know_it_for_a_while(real: RealNetwork) -> None:
    platform, device = await real.platform(), await real.device("lane-1")
    users = real.folder.path / USERS_FILE
    users.write_text(users.read_text().replace(public_nkey(platform_seed(real.folder)), public_nkey(new_seed())))
    assert await reload(real.folder, "nats", "nats_monitor")
    await until(lambda: platform._client is None or not platform._client.is_connected)
    with pytest.raises(Unavailable):
        await platform.send(f"{LANE}/light/command", b"red")
    await device.send(f"{LANE}/plc/event", b"while away")
    await reload_devices(real.folder, SystemClock().now())
    assert [message.payload for message in await take(platform, 1)] == [b"while away"]
    await real.leave(platform)
    gc.collect()


async def test_a_server_without_participants_lets_nobody_in(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "data") as folder:
        async with EmbeddedNats(folder).running() as server:
            client = Client()
            with pytest.raises(NatsError, match="Authorization"):
                await client.connect(server.nats_url, allow_reconnect=False, connect_timeout=1)
            await client.close()
            context = tls_context(server.authority.read_text())
            bare = aiomqtt.Client("127.0.0.1", server.mqtt_port, tls_context=context, timeout=0.5)
            with pytest.raises(aiomqtt.MqttError):
                async with mqtt.connection(bare):
                    pass


async def test_a_stopped_port_enrols_and_revokes_too(tmp_path: Path) -> None:
    folder, now = DataFolder(tmp_path / "data"), SystemClock().now()
    issued = enrol(folder, "box-9", Identity(Kind.LANE, PORT, ("I9",)), now)
    assert not await reload_devices(folder, now)
    assert issued.subject in (folder.path / USERS_FILE).read_text()
    revoke(folder, "box-9", now)
    write_broker_users(folder, now)
    assert issued.subject not in (folder.path / USERS_FILE).read_text()


def test_an_expired_certificate_is_no_user_any_more(tmp_path: Path) -> None:
    folder, now = DataFolder(tmp_path / "data"), SystemClock().now()
    issued = enrol(folder, "box-9", Identity(Kind.LANE, PORT, ("I9",)), now, lifetime=DAY)
    write_broker_users(folder, now + DAY)
    assert issued.subject not in (folder.path / USERS_FILE).read_text()


def test_a_demonstration_s_certificates_end_when_the_port_goes_live(tmp_path: Path) -> None:
    folder, now = DataFolder(tmp_path / "data"), SystemClock().now()
    identities.prepare(folder, PORT, now, identities.simulated_field(PORT, ("I1", "I2")))
    demo = (folder.path / USERS_FILE).read_text()
    identities.prepare(folder, PORT, now)
    live = (folder.path / USERS_FILE).read_text()
    simulated = [each.subject for each in roster(folder).items() if each.simulated]
    assert len(simulated) == 6
    assert all(subject in demo and subject not in live for subject in simulated)
    good = [each for each in roster(folder).items() if each.is_good(now)]
    assert [each.name for each in good] == [PLATFORM, CONTROLLER]


def test_own_certificates_are_kept_until_little_is_left_of_them(tmp_path: Path) -> None:
    folder, now = DataFolder(tmp_path / "data"), SystemClock().now()
    path = folder.path / identities.own_path(CONTROLLER)

    def certificate(at: int) -> bytes:
        identities.prepare(folder, PORT, at)
        assert path.stat().st_mode & 0o777 == 0o600
        return path.read_bytes()

    first = certificate(now)
    assert certificate(now + 700 * DAY) == first
    assert (second := certificate(now + 740 * DAY)) != first
    path.write_bytes(b"damaged")
    assert certificate(now + 740 * DAY) not in (first, second)


def test_a_file_that_others_may_read_is_no_key(tmp_path: Path) -> None:
    folder, now = DataFolder(tmp_path / "data"), SystemClock().now()
    identities.prepare(folder, PORT, now)
    (folder.path / "keys" / "devices-ca.pem").chmod(0o640)
    with pytest.raises(NotAllowed, match="0640"):
        enrol(folder, "box-9", Identity(Kind.LANE, PORT, ("I9",)), now)
    with contextlib.suppress(ssl.SSLError):
        client_context(folder.path / "keys" / "devices-ca.crt")
