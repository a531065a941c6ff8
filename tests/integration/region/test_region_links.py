"""Hub and edges over a real nats-server: who is heard, who is not, and how soon a revoked edge is silent."""

import asyncio
import contextlib
import itertools
import re
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.nats.core_link import CoreLink, NKeyAddress
from kouan.adapters.signing.certificates import CertificateAuthority, tls_context
from kouan.adapters.signing.files import new_secret
from kouan.adapters.signing.nkeys import new_seed
from kouan.protocols.link import Received
from kouan.vocabulary.errors import Conflict, InvalidValue, NotAllowed, NotFound, Unavailable
from kouan.wiring.region_links import (
    EdgeCredentials,
    edge_link,
    enrol_edge,
    enrolled_edges,
    ledger_key_of,
    load_credentials,
    revoke_edge,
    write_credentials,
)

from .conftest import Hub

GOAL_S = 60.0
"""How soon a revoked identity must be silent (issue of this part of the build: 60 s)."""


async def take(link: CoreLink, count: int) -> list[Received]:
    messages = []
    async with asyncio.timeout(20), contextlib.aclosing(link.receive()) as received:  # type: ignore[type-var]
        async for message in received:
            messages.append(message)
            if len(messages) == count:
                break
    return messages


async def until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_what_an_edge_sends_reaches_the_hub_in_order_and_back(hub: Hub) -> None:
    centre, edge = await hub.link(), await hub.edge(await hub.enrol("ganqimaodu"))
    for number in range(100):
        await edge.send("kouan/ganqimaodu/hub/entries", b"%d" % number)
    received = await take(centre, 100)
    assert [message.payload for message in received] == [b"%d" % number for number in range(100)]
    assert {message.topic for message in received} == {"kouan/ganqimaodu/hub/entries"}
    await centre.send("kouan/ganqimaodu/hub/taken", b"100")
    assert await take(edge, 1) == [Received("kouan/ganqimaodu/hub/taken", b"100")]


async def test_a_batch_of_768_kib_passes_and_a_longer_message_than_the_server_takes_is_refused(hub: Hub) -> None:
    centre, edge = await hub.link(), await hub.edge(await hub.enrol("ganqimaodu"))
    await edge.send("kouan/ganqimaodu/hub/entries", bytes(768 * 1024))
    assert len((await take(centre, 1))[0].payload) == 768 * 1024
    with pytest.raises(InvalidValue, match="1048576"):
        await edge.send("kouan/ganqimaodu/hub/entries", bytes(1024 * 1024 + 1))
    with pytest.raises(InvalidValue, match="retain"):
        await edge.send("kouan/ganqimaodu/hub/entries", b"", retain=True)


async def test_an_edge_hears_what_is_for_it_and_speaks_for_itself_only(hub: Hub) -> None:
    centre = await hub.link()
    ganqimaodu, ceke = await hub.edge(await hub.enrol("ganqimaodu")), await hub.edge(await hub.enrol("ceke"))
    await ceke.send("kouan/ganqimaodu/hub/entries", b"in another's name")
    await ceke.send("kouan/ceke/hub/taken", b"in the hub's name")
    await ceke.send("kouan/ceke/hub/entries", b"own")
    assert await take(centre, 1) == [Received("kouan/ceke/hub/entries", b"own")]
    await centre.send("kouan/ceke/hub/bulletin", b"for ceke")
    await centre.send("kouan/ganqimaodu/hub/bulletin", b"for ganqimaodu")
    assert await take(ganqimaodu, 1) == [Received("kouan/ganqimaodu/hub/bulletin", b"for ganqimaodu")]
    assert await take(ceke, 1) == [Received("kouan/ceke/hub/bulletin", b"for ceke")]
    await until(lambda: ceke.denied == 2)


CHANNELS = ("entries", "head", "wanted", "taken", "witnessed", "bulletin", "other")
PORTS = ("ganqimaodu", "ceke")


def oracle(speaker: str, port: str, channel: str) -> tuple[bool, bool]:
    """Say, from the issue's words alone, whether a speaker may publish and may hear a channel of a port."""
    up, down = channel in ("entries", "head", "wanted"), channel in ("taken", "witnessed", "bulletin")
    if speaker == "hub":
        return down, up
    return (up, down) if speaker == port else (False, False)


async def denials(link: CoreLink, caplog: pytest.LogCaptureFixture) -> set[tuple[str, str]]:
    """Return what the server has refused this link so far: ("publish" or "subscription", subject)."""
    await link.send("kouan/end/of/tries", b"")  # refused to everybody, and after everything before it
    found: set[tuple[str, str]] = set()

    def ended() -> bool:
        texts = [record.getMessage() for record in caplog.records if record.getMessage().startswith(link._name)]
        found.update(re.findall(r'violation for (\w+) to "([^"]+)"', "\n".join(texts)))
        return ("publish", "kouan.end.of.tries") in found

    await until(ended)
    return found - {("publish", "kouan.end.of.tries")}


async def test_every_identity_publishes_and_hears_exactly_what_it_should(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    credentials = {port: await hub.enrol(port) for port in PORTS}
    speakers = {"hub": await hub.link(), **{port: await hub.edge(credentials[port]) for port in PORTS}}
    for name, link in speakers.items():
        assert link._client is not None
        expected = set()
        for port, channel in itertools.product(PORTS, CHANNELS):
            await link.send(f"kouan/{port}/hub/{channel}", b"")
            await link._client.subscribe(f"kouan.{port}.hub.{channel}")
            publishes, hears = oracle(name, port, channel)
            expected |= set() if publishes else {("publish", f"kouan.{port}.hub.{channel}")}
            expected |= set() if hears else {("subscription", f"kouan.{port}.hub.{channel}")}
        assert await denials(link, caplog) == expected


@pytest.mark.parametrize("topic_filter", ["#", "kouan/#", "kouan/+/hub/entries", "$SYS/#", "_INBOX/#"])
async def test_an_edge_cannot_listen_to_all(hub: Hub, topic_filter: str, caplog: pytest.LogCaptureFixture) -> None:
    link = await hub.edge(await hub.enrol("ceke"))
    assert link._client is not None
    subject = topic_filter.replace("/", ".").replace("+", "*").replace("#", ">")
    await link._client.subscribe(subject)
    assert await denials(link, caplog) == {("subscription", subject.lower())}


async def test_a_revoked_edge_is_cut_off_at_once_and_nobody_else_is(
    hub: Hub, record_property: Callable[[str, object], None]
) -> None:
    centre = await hub.link()
    revoked = await hub.enrol("ceke")
    ceke, ganqimaodu = await hub.edge(revoked), await hub.edge(await hub.enrol("ganqimaodu"))
    before = time.perf_counter()
    await revoke_edge(hub.folder, "ceke", hub.clock)
    await until(lambda: not ceke.is_connected, GOAL_S)
    span_s = time.perf_counter() - before
    sys.stdout.write(f"edge cut off {span_s * 1000:.0f} ms after the command began\n")
    record_property("revoked_edge_cut_off_s", span_s)
    with pytest.raises(Unavailable):
        await ceke.send("kouan/ceke/hub/entries", b"still here")
    async with edge_link(revoked, hub.server.url) as again:
        with pytest.raises(Unavailable, match="Authorization"):
            await again.connected(2)
    await ganqimaodu.send("kouan/ganqimaodu/hub/entries", b"1")
    assert [message.payload for message in await take(centre, 1)] == [b"1"]
    assert (ganqimaodu.connections, centre.connections) == (1, 1)


async def test_enrolling_one_edge_leaves_the_others_connected(hub: Hub) -> None:
    centre, edge = await hub.link(), await hub.edge(await hub.enrol("ceke"))
    await hub.edge(await hub.enrol("ganqimaodu"))
    assert (centre.connections, edge.connections) == (1, 1)


async def test_revocation_outlives_a_crash_of_the_server(hub: Hub) -> None:
    revoked = await hub.enrol("ceke")
    await revoke_edge(hub.folder, "ceke", hub.clock)
    centre = await hub.link()
    hub.supervisor.kill_for_test("hub-nats")
    await until(lambda: centre.connections == 2)
    async with edge_link(revoked, hub.server.url) as again:
        with pytest.raises(Unavailable, match="Authorization"):
            await again.connected(2)


async def test_links_come_back_after_a_crash_of_the_server(hub: Hub) -> None:
    centre, edge = await hub.link(), await hub.edge(await hub.enrol("ceke"))
    hub.supervisor.kill_for_test("hub-nats")
    await until(lambda: centre.connections == edge.connections == 2)
    await edge.send("kouan/ceke/hub/entries", b"again")
    assert [message.payload for message in await take(centre, 1)] == [b"again"]


async def test_a_port_is_enrolled_once_at_a_time_and_again_after_it_was_revoked(hub: Hub) -> None:
    key = Ed25519PrivateKey.generate().public_key()
    first = await enrol_edge(hub.folder, "ceke", key, hub.clock)
    with pytest.raises(Conflict, match="ceke is enrolled"):
        await hub.enrol("ceke")
    await revoke_edge(hub.folder, "ceke", hub.clock)
    with pytest.raises(NotFound):
        await revoke_edge(hub.folder, "ceke", hub.clock)
    second = await hub.enrol("ceke")
    assert first.seed != second.seed
    await hub.edge(second)
    listed = enrolled_edges(hub.folder)
    assert [(each.port, each.revoked_at is None) for each in listed] == [("ceke", False), ("ceke", True)]
    assert ledger_key_of(listed[0]) == key


async def test_a_stopped_hub_enrols_and_revokes_too(tmp_path: Path) -> None:
    folder, clock = DataFolder(tmp_path / "hub"), SystemClock()
    await enrol_edge(folder, "ceke", Ed25519PrivateKey.generate().public_key(), clock)
    await revoke_edge(folder, "ceke", clock)
    assert [each.port for each in enrolled_edges(folder)] == ["ceke"]


async def refused(address: NKeyAddress, why: str) -> None:
    async with CoreLink(address, "stranger") as link:
        with pytest.raises(Unavailable, match=why):
            await link.connected(2)


async def test_strangers_are_refused(hub: Hub, tmp_path: Path) -> None:
    credentials = await hub.enrol("ceke")
    tls = tls_context(credentials.authority_pem)
    await refused(NKeyAddress(hub.server.url, credentials.server_name, tls, new_seed()), "Authorization")
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    await refused(NKeyAddress(hub.server.url, "", anyone, new_seed()), "Authorization")


async def test_an_edge_believes_no_other_hub(hub: Hub, tmp_path: Path) -> None:
    credentials = await hub.enrol("ceke")
    other = CertificateAuthority.open(tmp_path / "other.pem", "kouan hub", hub.clock.now())
    wrong = msgspec.structs.replace(credentials, authority_pem=other.certificate_pem.decode())
    async with edge_link(wrong, hub.server.url) as link:
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await link.connected(2)
    named = msgspec.structs.replace(credentials, server_name="other.kouan")
    async with edge_link(named, hub.server.url) as link:
        with pytest.raises(Unavailable, match=r"other\.kouan"):
            await link.connected(2)


async def test_the_server_says_nothing_in_the_clear(hub: Hub) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.server.tcp_port)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await reader.read(1)
    writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
    assert b"PONG" not in await reader.read()
    writer.close()


async def test_an_edge_without_its_hub_says_so_and_a_closed_link_ends(hub: Hub) -> None:
    credentials = await hub.enrol("ceke")
    async with edge_link(credentials, "tls://127.0.0.1:1") as link:
        with pytest.raises(Unavailable, match=r"tls://127\.0\.0\.1:1"):
            await link.send("kouan/ceke/hub/entries", b"x")
        with pytest.raises(Unavailable, match=r"no connection to tls://127\.0\.0\.1:1"):
            await link.connected(0.3)
    assert [message async for message in link.receive()] == []
    with pytest.raises(Unavailable):
        await link.send("kouan/ceke/hub/entries", b"x")
    with pytest.raises(InvalidValue, match="tls://host"):
        async with edge_link(credentials, "nats://127.0.0.1:1"):
            pass


def test_a_bundle_is_kept_secret(tmp_path: Path) -> None:
    path = tmp_path / "bundle.json"
    bundle = EdgeCredentials(
        region="r", port="ceke", seed="SUSECRET", authority_pem="a", server_name="s", hub_key_pem="k"
    )
    with new_secret(path) as file:
        write_credentials(bundle, file)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_credentials(path) == bundle
    assert "SUSECRET" not in f"{bundle} {bundle!r}"
    with pytest.raises(Conflict, match="exists"), new_secret(path) as file:
        write_credentials(bundle, file)
    path.chmod(0o644)
    with pytest.raises(NotAllowed, match="0644"):
        load_credentials(path)
    with pytest.raises(NotFound, match="enrol"):
        load_credentials(tmp_path / "none")
