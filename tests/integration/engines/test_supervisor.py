"""The supervisor: starts the dead again, finds those that hang, stops all in time, keeps logs short."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable

import psycopg
import pytest

from kouan.adapters.engines import nats_server
from kouan.adapters.engines.child import ChildProcess, ChildSpec
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.logs import bound_log
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.supervisor import Care, ChildEvent, Happening, Supervisor
from kouan.vocabulary.errors import Unavailable

QUICK = Care(backoff_first_s=0.01, backoff_max_s=0.05, check_every_s=0.02, check_within_s=0.3, failures=2)


class Events:
    """What the supervisor told, and a way to wait for it."""

    def __init__(self) -> None:
        self.all: list[ChildEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, event: ChildEvent) -> None:
        self.all.append(event)
        self._changed.set()

    async def wait_for(self, condition: Callable[[list[ChildEvent]], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition(self.all):
                self._changed.clear()
                await self._changed.wait()

    def happenings(self, child: str) -> list[Happening]:
        return [event.happening for event in self.all if event.child == child]


def _program(folder: DataFolder, text: str, **more: object) -> ChildProcess:
    return ChildProcess(folder, ChildSpec(name="program", argv=(sys.executable, "-c", text), **more))  # type: ignore[arg-type]


async def test_killed_engines_come_back_at_the_same_addresses_with_their_data(folder: DataFolder) -> None:
    events = Events()
    supervisor = Supervisor(events)
    postgres = await EmbeddedPostgres(folder).start(supervisor)
    await EmbeddedNats(folder).start(supervisor)
    async with await psycopg.AsyncConnection.connect(postgres.dsn) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    for name in ("postgres", "nats"):
        pid = supervisor.kill_for_test(name)
        await events.wait_for(lambda all_, name=name: [e.restarts for e in all_ if e.child == name][-1] >= 1)
        await events.wait_for(lambda all_, name=name: [e.happening for e in all_ if e.child == name][-1] == "ready")
        assert supervisor.child(name).pid not in (pid, None)
    async with await psycopg.AsyncConnection.connect(postgres.dsn) as connection:
        assert await (await connection.execute("SELECT n FROM kept")).fetchone() == (7,)
    async with asyncio.timeout(5):
        await supervisor.stop()
    for name in ("postgres", "nats"):
        told = events.happenings(name)
        assert told[:2] == [Happening.READY, Happening.EXITED]
        assert told[-2:] == [Happening.READY, Happening.STOPPED]
    assert [event.exit_code for event in events.all if event.happening == Happening.STOPPED] == [0, 0]


async def test_an_engine_that_hangs_is_found_and_started_again(folder: DataFolder) -> None:
    events = Events()
    supervisor = Supervisor(events, QUICK)
    await EmbeddedNats(folder).start(supervisor)
    supervisor.kill_for_test("nats", signal.SIGSTOP)
    await events.wait_for(lambda all_: [e.happening for e in all_].count(Happening.READY) == 2)
    assert events.happenings("nats") == [Happening.READY, Happening.UNHEALTHY, Happening.EXITED, Happening.READY]
    await supervisor.stop()


async def test_a_child_that_keeps_dying_is_tried_again_and_again_and_can_be_stopped(folder: DataFolder) -> None:
    events = Events()
    supervisor = Supervisor(events, QUICK)
    await supervisor.start(_program(folder, "import sys; sys.exit(3)"))
    await events.wait_for(lambda all_: len(all_) >= 6)
    await supervisor.stop()
    assert {event.exit_code for event in events.all if event.happening == Happening.EXITED} == {3}


async def test_a_child_that_does_not_get_ready_is_reported_with_its_last_words(folder: DataFolder) -> None:
    async def never() -> bool:
        return False

    child = _program(folder, "import sys; sys.exit('no lane is configured')", ready=never)
    with pytest.raises(Unavailable, match="ended with code 1: no lane is configured"):
        await Supervisor().start(child)
    child = _program(folder, "import signal; signal.pause()", ready=never, ready_within_s=0.05)
    with pytest.raises(Unavailable, match=r"was not ready in 0\.05 s"):
        await Supervisor().start(child)
    assert child.pid is None


async def test_a_start_that_takes_long_is_told_once_and_goes_on(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("kouan.adapters.engines.child.TOLD_AFTER_S", 0.0)
    monkeypatch.setattr("kouan.adapters.engines.child._log.warning", lambda text, *_: told.append(text))
    asked = iter([False, False, False, True])

    async def at_last() -> bool:
        return next(asked)

    supervisor = Supervisor()
    await supervisor.start(_program(folder, "import signal; signal.pause()", ready=at_last))
    await supervisor.stop()
    assert len(told) == 1
    assert "not ready yet" in told[0]


async def test_a_child_that_ignores_the_request_to_end_is_killed_in_time(folder: DataFolder) -> None:
    text = "import signal, sys; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    log = folder.path / "logs" / "program.log"

    async def deaf() -> bool:
        return log.exists() and "deaf" in log.read_text()

    supervisor = Supervisor()
    await supervisor.start(_program(folder, text, ready=deaf, stop_within_s=0.1))
    async with asyncio.timeout(2):
        await supervisor.stop()


async def test_ctrl_c_in_the_terminal_is_left_to_the_parent(folder: DataFolder) -> None:
    supervisor = Supervisor()
    await supervisor.start(_program(folder, "import signal; signal.pause()", stop_signal=signal.SIGTERM))
    pid = supervisor.child("program").pid
    assert pid is not None
    assert os.getsid(pid) == pid
    await supervisor.stop()


async def test_a_program_that_does_not_exist_is_named(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kouan.adapters.engines.child.ending_with_parent", lambda _: ())
    child = ChildProcess(folder, ChildSpec(name="ghost", argv=("/nonexistent/ghost",)))
    with pytest.raises(Unavailable, match="ghost cannot be started"):
        await child.start()


async def test_a_broker_port_taken_in_the_last_moment_is_replaced(folder, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        real = nats_server.free_tcp_ports
        answers = iter([(taken.getsockname()[1], *real(2)), real(3)])
        monkeypatch.setattr(nats_server, "free_tcp_ports", lambda *_: next(answers))
        async with EmbeddedNats(folder).running() as server:
            assert server.nats_port != taken.getsockname()[1]


def test_a_long_log_is_cut_and_its_text_kept_once(tmp_path) -> None:
    log = tmp_path / "x.log"
    with log.open("ab") as writer:
        writer.write(b"a" * 100)
        writer.flush()
        assert not bound_log(log, max_bytes=100)
        writer.write(b"b")
        writer.flush()
        assert bound_log(log, max_bytes=100)
        writer.write(b"c")
    assert log.read_bytes() == b"c"
    assert (tmp_path / "x.log.1").read_bytes() == b"a" * 100 + b"b"
