"""A running port whose engines and processes are killed in mid-traffic: it goes on, and nothing acknowledged is lost.

Everything is real: PostgreSQL, nats-server, lane controller, field and platform are processes of their own. One port
takes one accident after the other.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.faults.facts import check_everything

from kouan.proving.running_port import RunningPort, children_of, kill, processes_on
from kouan.proving.witness import Witness

pytestmark = pytest.mark.slow

MORE = 3
"""Lorries that must clear after an accident before the port counts as going on."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPort]:
    """A port in mid-traffic, at five times the speed of life."""
    with RunningPort(tmp_path_factory.mktemp("faults-port") / "data", "--speed", "5") as running:
        running.start()
        yield running


@pytest.fixture(scope="module")
def witness(port: RunningPort) -> Iterator[Witness]:
    """Somebody who reads the ledger and hands papers in all the while."""
    with Witness(port) as looking_on:
        yield looking_on


def in_mid_traffic(port: RunningPort, witness: Witness) -> set[str]:
    """Wait until lorries clear and others stand in the lanes; return the open passages."""
    before = port.cleared()
    port.wait_until(
        lambda: port.cleared() >= before + 2 and len(witness.open_passages()) >= 3 and len(witness.papers) > 0,
        "traffic flows",
    )
    return witness.open_passages()


def goes_on(port: RunningPort, witness: Witness, open_before: set[str]) -> None:
    """Check that more lorries clear, and that every passage that was open ends or stands before a person."""
    before, papers = port.cleared(), len(witness.papers)
    port.wait_until(lambda: port.cleared() >= before + MORE, f"{MORE} more lorries clear after {before}")
    port.wait_until(lambda: len(witness.papers) > papers, "papers are taken again")

    def settled() -> bool:
        left = open_before & witness.open_passages()
        return not left or left <= {item["passage"] for item in witness.get("/reviews")["items"]}

    port.wait_until(settled, f"the passages that were open end: {sorted(open_before)}")
    check_everything(port, witness)


def kill_postgres(port: RunningPort) -> None:
    port.kill_child("postgres")


def kill_backend(port: RunningPort) -> None:
    postmaster = port.child("postgres")
    assert postmaster is not None
    names = processes_on(port.data)
    backends = [pid for pid in children_of(postmaster) if "127.0.0.1" in names.get(pid, "")]
    assert backends
    kill(backends[0])


def kill_nats(port: RunningPort) -> None:
    port.kill_child("nats")


def kill_lane_controller(port: RunningPort) -> None:
    port.kill_child("lane-controller")


def kill_field(port: RunningPort) -> None:
    port.kill_child("field")


@pytest.mark.parametrize("accident", [kill_postgres, kill_backend, kill_nats, kill_lane_controller, kill_field])
def test_a_part_that_is_killed_comes_back_and_nothing_acknowledged_is_lost(
    port: RunningPort, witness: Witness, accident: Callable[[RunningPort], None]
) -> None:
    open_before = in_mid_traffic(port, witness)
    accident(port)
    goes_on(port, witness, open_before)


def test_a_platform_that_is_killed_takes_its_children_with_it_and_the_next_one_goes_on(
    port: RunningPort, witness: Witness
) -> None:
    open_before = in_mid_traffic(port, witness)
    port.kill()
    port.start()
    goes_on(port, witness, open_before)


def test_a_platform_that_is_killed_with_all_its_children_at_once_goes_on(port: RunningPort, witness: Witness) -> None:
    open_before = in_mid_traffic(port, witness)
    pids = processes_on(port.data)
    port.kill()
    for pid in pids:
        kill(pid)
    port.start()
    goes_on(port, witness, open_before)


def test_after_all_accidents_the_ledger_verifies_with_the_command(port: RunningPort, witness: Witness) -> None:
    check_everything(port, witness)
    verified = port.command("ledger", "verify", "--json")
    assert verified.returncode == 0, verified.stderr
    assert '"intact": true' in verified.stdout


def test_children_that_outlive_their_platform_are_stopped_by_the_next_one(tmp_path: Path) -> None:
    """Without setpriv the kernel ends no child; the next start has to."""
    tools = tmp_path / "bin"
    tools.mkdir()
    unshare = shutil.which("unshare")
    if unshare is not None:
        (tools / "unshare").symlink_to(unshare)
    env = {**os.environ, "PATH": str(tools)}
    with RunningPort(tmp_path / "data", "--speed", "5", env=env) as port:
        port.start()
        with Witness(port) as witness:
            open_before = in_mid_traffic(port, witness)
            survivors = {name: port.child(name) for name in ("postgres", "nats", "lane-controller", "field")}
            port.kill()
            assert set(survivors.values()) <= processes_on(port.data).keys()
            port.start()
            assert not set(survivors.values()) & processes_on(port.data).keys()
            goes_on(port, witness, open_before)
