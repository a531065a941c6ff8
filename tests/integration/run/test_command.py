"""``kouan run`` as a person or a script meets it: one instance a folder, a clean end, figures, outside servers."""

import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.faults.facts import check_numbering

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.tcp_ports import is_free
from kouan.proving.running_port import API, RunningPort, processes_on, wait_until
from kouan.proving.witness import Witness
from kouan.wiring import identities
from kouan.wiring.port_file import load

pytestmark = pytest.mark.slow

ENDS_WITHIN_S = 30.0
"""Seconds after which a port hangs rather than ends, however busy the machine is."""

FIGURES = {
    "cleared", "median_stop_s", "p99_decision_ms", "planted", "caught", "missed", "false_alarms", "double_actuations",
}  # fmt: skip


@pytest.fixture(scope="module")
def one_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPort]:
    with RunningPort(tmp_path_factory.mktemp("run") / "data") as running:
        yield running


@pytest.fixture
def port(one_port: RunningPort) -> RunningPort:
    """The module's port, open, whichever test came before."""
    if one_port.process is None or one_port.process.poll() is not None:
        one_port.start()
    return one_port


def test_a_second_instance_on_the_same_data_is_refused_and_told_which_one_runs(port: RunningPort) -> None:
    second = port.command("run", "--no-browser", "--for", "1")
    assert second.returncode == 1
    assert f"in use by kouan with pid {port.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert port.is_open()


def test_commands_that_write_are_refused_while_the_port_runs(port: RunningPort) -> None:
    person = ("--agency", "site", "--role", "duty_officer", "--password", "a long enough password")
    added = port.command("user", "add", "somebody", *person)
    assert added.returncode == 1
    assert "stop it first, or use its API" in added.stderr


def test_a_tcp_port_that_is_taken_is_named(port: RunningPort, tmp_path: Path) -> None:
    taken = port.url.rpartition(":")[2]
    with RunningPort(tmp_path / "data", "--tcp-port", taken) as other:
        other.launch()
        assert other.process is not None
        assert other.process.wait(60) == 1
        assert f"tcp port {taken} of 127.0.0.1 is taken" in other.said()
        assert processes_on(other.data) == {}


def test_ctrl_c_stops_everything_within_five_seconds_though_a_browser_looks_on(port: RunningPort) -> None:
    tcp_ports = DataFolder(port.data).last_tcp_ports()
    children = [port.child(name) for name in ("postgres", "nats", "lane-controller", "field")]
    assert None not in children
    assert set(tcp_ports) == {"nats", "mqtt", "nats_monitor", "postgres", "web"}
    with httpx.Client(base_url=port.url + API, timeout=30, headers={"x-kouan-csrf": "1"}) as browser:
        browser.post("/session", json={"username": "demo", "password": "kouan-demo"}).raise_for_status()
        with browser.stream("GET", "/events") as events:
            assert next(events.iter_lines())
            took_s = port.interrupt()
    assert port.process is not None
    assert port.process.returncode == 0, port.said()
    assert processes_on(port.data) == {}
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert took_s <= ENDS_WITHIN_S
    assert {name: is_free(number) for name, number in tcp_ports.items()} == dict.fromkeys(tcp_ports, True)
    assert not (port.data / "run.json").exists()
    assert port.figures().keys() >= FIGURES


@pytest.mark.parametrize("stage", ["postgres.new", "nats", "postgres/PG_VERSION", "field"])
def test_an_end_that_is_asked_for_while_the_port_still_opens_leaves_nothing_behind(tmp_path: Path, stage: str) -> None:
    with RunningPort(tmp_path / "data") as port:
        port.launch()
        port.wait_until((port.data / stage).exists, f"{stage} is there")
        took_s = port.interrupt(signal.SIGTERM)
        assert port.process is not None
        assert port.process.returncode == 0, port.said()
        assert processes_on(port.data) == {}
        assert took_s <= ENDS_WITHIN_S


def test_a_run_of_set_length_prints_every_figure(tmp_path: Path, record_property: Any) -> None:
    with RunningPort(tmp_path / "data", "--for", "30", "--speed", "8") as port:
        port.launch()
        assert port.process is not None
        assert port.process.wait(120) == 0, port.said()
        figures = port.figures()
        assert figures.keys() >= FIGURES
        assert figures["cleared"] > 0
        assert figures["double_actuations"] == 0
        assert figures["planted"] == figures["caught"] + figures["missed"]
        assert 0 < figures["median_stop_s"] < 30
        assert processes_on(port.data) == {}
        for name in sorted(FIGURES):
            record_property(name, figures[name])
        verified = port.command("ledger", "verify", "--json")
        assert '"intact": true' in verified.stdout


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[tuple[str, str, str, DataFolder]]:
    """A PostgreSQL and a NATS server that somebody else runs: DSN, addresses of NATS and MQTT, and their folder.

    The server was given the port's list of users and the certificate of its authority.
    """
    ours = DataFolder(tmp_path / "data")
    port = load("ganqimaodu")
    field = identities.simulated_field(port.name, [lane.name for lane in port.lanes], port.yard.places)
    identities.prepare(ours, port.name, SystemClock().now(), field)
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(DataFolder(tmp_path / "outside"))
        for name in ("devices-ca.pem", "platform.nk"):
            folder.write(f"keys/{name}", (ours.path / "keys" / name).read_bytes())
        folder.write("devices.json", (ours.path / "devices.json").read_bytes())
        postgres = await stack.enter_async_context(EmbeddedPostgres(folder).running())
        nats = await stack.enter_async_context(EmbeddedNats(folder).running())
        yield postgres.dsn, nats.nats_url, f"127.0.0.1:{nats.mqtt_port}", folder


async def test_servers_of_somebody_else_are_used_and_left_running(
    outside: tuple[str, str, str, DataFolder], tmp_path: Path
) -> None:
    dsn, nats, mqtt, theirs = outside
    options = ("--database", dsn, "--nats", nats, "--mqtt", mqtt, "--speed", "5")
    with RunningPort(tmp_path / "data", *options) as port:
        port.start()
        port.wait_until(lambda: port.cleared() >= 2, "lorries clear")
        assert port.child("postgres") is None
        assert port.child("nats") is None
        assert not (port.data / "postgres").exists()
        verified = port.command("ledger", "verify", "--json", "--database", dsn)
        assert '"intact": true' in verified.stdout, verified.stderr
        assert port.interrupt() <= ENDS_WITHIN_S
        assert processes_on(port.data) == {}
        assert processes_on(theirs.path)


async def test_two_ports_that_start_on_one_database_migrate_it_once_and_one_of_them_gives_way(
    outside: tuple[str, str, str, DataFolder], tmp_path: Path
) -> None:
    dsn, *_ = outside
    with (
        RunningPort(tmp_path / "one", "--database", dsn) as one,
        RunningPort(tmp_path / "other", "--database", dsn) as other,
    ):
        one.launch()
        other.launch()
        both = (one, other)
        wait_until(lambda: any(each.process.poll() is not None for each in both), "one of them gives way")
        left = next(each for each in both if each.process.poll() is not None)
        stays = next(each for each in both if each is not left)
        assert left.process.returncode == 1
        assert "newer writer" in left.said() or "another writer" in left.said(), left.said()
        stays.wait_until(stays.is_open, "the other one is open")
        assert processes_on(left.data) == {}
        check_numbering(Witness(stays).read_all())


def test_an_outside_address_that_is_none_is_named(tmp_path: Path) -> None:
    with RunningPort(tmp_path / "data", "--nats", "localhost") as port:
        port.launch()
        assert port.process is not None
        assert port.process.wait(60) == 1
        assert "must be an address as in nats://host:4222" in port.said()
        assert processes_on(port.data) == {}


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with RunningPort(tmp_path / "file" / "data") as port:
        port.log = tmp_path / "log"
        refused = port.command("run", "--no-browser", "--for", "1")
        assert refused.returncode == 1
        assert "cannot be used" in refused.stderr
        assert "Traceback" not in refused.stderr
