"""A hub and an edge as a person starts them, by commands: the hub counts what cleared, may go away, misses nothing."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kouan.adapters.engines.data_folder import DataFolder
from kouan.proving.partition import probe
from kouan.proving.running_port import RunningPort

pytestmark = pytest.mark.slow

PORT = "ceke"
MORE = 2
"""Lorries that must clear while the hub is away."""


class Pair:
    """A hub and one edge, both of ``kouan run``; the port worked by itself before it was enrolled."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self.hub = stack.enter_context(RunningPort(folder / "hub", "--role", "hub"))
        self.start_hub()
        alone = stack.enter_context(RunningPort(folder / "port", "--port", PORT))
        alone.start()
        alone.interrupt()
        url = str(DataFolder(self.hub.data).running().addresses["hub_url"])
        options = ("--role", "edge", "--hub", url, "--credentials", str(self._enrolled()), "--port", PORT)
        self.edge = stack.enter_context(RunningPort(folder / "port", *options, "--speed", "5"))
        self.edge.start()

    def start_hub(self) -> None:
        self.hub.launch()
        self.hub.wait_until(self.hub.is_open, "the hub is open")

    def _enrolled(self) -> Path:
        bundle, key = self._folder / "port.bundle", self._folder / "port" / "keys" / "ledger.pem.pub"
        done = self.hub.command("hub", "enrol", PORT, "--ledger-key", str(key), "--out", str(bundle))
        assert done.returncode == 0, done.stderr
        return bundle

    def standing(self) -> dict[str, Any]:
        """Return how the hub says that the port stands, as ``kouan hub status`` prints it."""
        done = self.hub.command("hub", "status", "--json")
        assert done.returncode == 0, done.stderr
        standing: dict[str, Any] = json.loads(done.stdout)["ports"][PORT]
        return standing

    def counted(self) -> int:
        standing = self.standing()
        return int(standing["day_in"]) + int(standing["day_out"])

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        self.edge.wait_until(condition, what, look_every_s=0.5)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with contextlib.ExitStack() as stack:
        yield Pair(tmp_path_factory.mktemp("pair"), stack)


def check_nothing_lost_or_counted_twice(pair: Pair) -> None:
    """Compare the hub's copy and counts, as they stand at one instant, with the port's own ledger."""
    with psycopg.connect(pair.hub.dsn) as hub:
        hub.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        size = probe.standing(hub, PORT)["taken"]
        copy, counted = probe.taken(hub, PORT), probe.counted(hub, PORT)
    with psycopg.connect(pair.edge.dsn) as edge:
        assert copy == probe.recorded(edge, PORT, size)
        closed = probe.closed(edge, PORT, size)
    assert copy["count"] == size > 0
    assert counted["ended"] == closed
    assert counted["flow"] == [closed.get(state, 0) for state in ("cleared", "diverted", "refused")]


def test_what_clears_at_the_edge_is_counted_at_the_hub(pair: Pair) -> None:
    pair.wait(lambda: pair.edge.cleared() > 0, "a lorry clears")
    pair.wait(lambda: pair.counted() > 0, "the hub counts it")
    assert pair.standing()["link"] in {"live", "behind"}
    check_nothing_lost_or_counted_twice(pair)


def test_the_edge_clears_on_while_the_hub_is_away_and_then_the_hub_has_everything(pair: Pair) -> None:
    pair.wait(lambda: pair.counted() > 0, "the hub counts something")
    pair.hub.interrupt()
    before = pair.edge.cleared()
    pair.wait(lambda: pair.edge.cleared() >= before + MORE, "lorries clear without the hub")
    with psycopg.connect(pair.edge.dsn) as edge:
        size, closed = probe.size(edge, PORT)["size"], probe.closed(edge, PORT)
    pair.start_hub()
    pair.wait(lambda: pair.standing()["taken"] >= size, "the hub has what was written while it was away")
    pair.wait(lambda: pair.counted() >= closed["cleared"], "and counts it")
    pair.wait(lambda: pair.standing()["witnessed_size"] >= size, "and vouches for it")
    check_nothing_lost_or_counted_twice(pair)


def test_a_hold_that_is_placed_by_command_stands_at_the_port(pair: Pair) -> None:
    done = pair.hub.command("hub", "hold", "place", "--plate", "УБ0000", "--reason", "test of the way")
    assert done.returncode == 0, done.stderr

    def is_recorded() -> bool:
        with psycopg.connect(pair.edge.dsn) as edge:
            query = "SELECT count(*) FROM papers_orders WHERE plate = 'УБ0000' AND lifted_at IS NULL"
            row = edge.execute(query).fetchone()  # the port's own list, which every lane looks at
            return row is not None and row[0] == 1

    pair.wait(is_recorded, "the port holds it")
