"""One running port: engines, ledger, driver, web, and the processes beside it."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from kouan.adapters.board.board import LiveBoard
from kouan.adapters.clock import SystemClock
from kouan.adapters.driver.desk import PortDesk
from kouan.adapters.driver.port_driver import PortDriver, Roles
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.supervisor import Care, ChildEvent, Happening, Supervisor
from kouan.adapters.engines.tcp_ports import listening_socket
from kouan.adapters.heads import HeadSigner
from kouan.adapters.images import FileImages
from kouan.adapters.passwords import Argon2Hasher
from kouan.adapters.postgres.access import PostgresAccounts
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.gate import PostgresGateRecords
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.migrate import migrate
from kouan.adapters.postgres.papers import PostgresPapersRecords
from kouan.adapters.postgres.subjects import PostgresSubjects
from kouan.adapters.signing.files import open_sealing_keys
from kouan.adapters.signing.sealing import Sealer
from kouan.journeys.crossing import Crossings
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.vocabulary.errors import Corrupt, Fenced, KouanError, Unavailable
from kouan.web.app import create_app
from kouan.web.services import Services
from kouan.wiring import keys, links, processes
from kouan.wiring.demo import DEMO_PASSWORD, DEMO_USER, make_accounts
from kouan.wiring.field import log_paths
from kouan.wiring.gate_settings import board_setting_of, load_rulebook, policy_of, setting_of
from kouan.wiring.identity import load_identity_provider
from kouan.wiring.messages import catalogues, renderer
from kouan.wiring.port_file import PortFile, drawn, load, path_of, rulebooks_beside
from kouan.wiring.report import figures, lines_of
from kouan.wiring.settings import BrokerSettings, RunSettings

_log = logging.getLogger(__name__)

AGAIN_S = 0.5
"""Pause before everything is built anew after the ledger failed; it doubles up to LONGEST_PAUSE_S. Our choice."""

LONGEST_PAUSE_S = 5.0
"""Longest pause before everything is built anew. Our choice."""

END_WITHIN_S = 1.5
"""How long serving may take to end before it is cut off. Our choice: it takes a tenth of that where nothing hangs."""

CARE = Care(stop_all_within_s=3.0)
"""How children are looked after; with END_WITHIN_S, all stands still within the 5 s that are promised."""

T = TypeVar("T")

CONSOLE = Path(__file__).resolve().parents[1] / "console_dist"
"""The built console; a checkout makes it with ``make``, a wheel brings it."""

Tell = Callable[[str], None]
Finish = Callable[["Platform"], Awaitable[None]]


class Platform:
    """What runs: its parts are replaced as a whole when the ledger could not be reached for too long."""

    def __init__(self, settings: RunSettings, folder: DataFolder, port: PortFile, supervisor: Supervisor) -> None:
        self.settings = settings
        self.folder = folder
        self.port = port
        self.supervisor = supervisor
        self.clock = SystemClock()
        self.url = ""
        self.driver: PortDriver | None = None
        self.board: LiveBoard | None = None
        self.ledger: PostgresLedger | None = None
        self.records: PostgresGateRecords | None = None
        truth, actuations = log_paths(folder.path)
        self.began_after = 0
        self.truth = (truth, lines_of(truth))
        self.actuations = (actuations, lines_of(actuations))

    async def figures(self) -> dict[str, Any]:
        """Return what this run did; a live port has no record of the field to compare with."""
        if self.ledger is None or self.board is None:
            raise Unavailable("the port is not open")
        spans = self.board.decision_spans_us
        return await figures(self.ledger, self.began_after, self.truth, self.actuations, list(spans))


async def run(
    settings: RunSettings, stop: asyncio.Event, ready: Callable[[Platform], None], tell: Tell, finish: Finish
) -> None:
    """Run a port until ``stop`` is set; everything it started is stopped then, within 5 s.

    ``ready`` is told once it serves, ``finish`` is awaited before it ends. Raises Conflict where the data folder is
    in use, Unavailable where an engine does not start, Fenced where another process became the port's writer, Corrupt
    where the ledger does not verify.
    """
    port = load(settings.port)
    with DataFolder(settings.data) as folder:
        supervisor = Supervisor(_on_event, CARE)
        platform = Platform(settings, folder, port, supervisor)
        try:
            tell("engines")
            engines = await _unless(stop, _engines(settings, folder, supervisor))
            if engines is not None:
                await _serve_again_and_again(platform, *engines, stop, ready, tell, finish)
        finally:
            await supervisor.stop()


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what the work gives; cancel it and return None where ``stop`` is set first."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait([working], timeout=END_WITHIN_S)
    return None if working.cancelled() or not working.done() else working.result()


async def _serve_again_and_again(
    platform: Platform,
    dsn: str,
    broker: BrokerSettings,
    stop: asyncio.Event,
    ready: Callable[[Platform], None],
    tell: Tell,
    finish: Finish,
) -> None:
    pause_s = AGAIN_S
    was_open = False
    while not stop.is_set():
        try:
            async with asyncio.timeout(None) as end, contextlib.AsyncExitStack() as stack:
                ended = await _unless(stop, stack.enter_async_context(serving(platform, dsn, broker, tell)))
                if ended is None:
                    return
                was_open, pause_s = True, AGAIN_S
                ready(platform)
                await _unless(stop, _end_of(ended))
                await finish(platform)
                end.reschedule(asyncio.get_running_loop().time() + END_WITHIN_S)
        except (Fenced, Corrupt):
            raise
        except TimeoutError:
            _log.warning("serving did not end within %s s, and was cut off", END_WITHIN_S)
        except KouanError as error:
            # A port that was open is built anew whatever its driver failed with: only memory is in doubt.
            if not was_open and not isinstance(error, Unavailable):
                raise
            _log.error("the port starts again from its ledger: %s", error)
            await _unless(stop, asyncio.sleep(pause_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _end_of(task: "asyncio.Task[None]") -> None:
    await asyncio.shield(task)


async def _engines(settings: RunSettings, folder: DataFolder, supervisor: Supervisor) -> tuple[str, BrokerSettings]:
    """Start what is embedded, side by side; return the database's and the broker's addresses."""

    async def database() -> str:
        return settings.database or (await EmbeddedPostgres(folder).start(supervisor)).dsn

    async def broker() -> BrokerSettings:
        if settings.nats is not None:
            return links.outside_broker(settings.nats, settings.mqtt)
        return links.broker_of(await EmbeddedNats(folder).start(supervisor))

    return await asyncio.gather(database(), broker())


@contextlib.asynccontextmanager
async def serving(
    platform: Platform, dsn: str, broker: BrokerSettings, tell: Tell
) -> AsyncIterator["asyncio.Task[None]"]:
    """Build the port from its ledger and serve; yields a future that ends with whatever ended the serving."""
    port, clock = platform.port, platform.clock
    async with contextlib.AsyncExitStack() as stack:
        database = Database(dsn)
        stack.push_async_callback(database.close)
        await migrate(database)
        driver, board, services, heads = await _build(platform, database, broker, stack, tell)
        platform.driver, platform.board = driver, board
        listening = _listen(platform)
        stack.callback(listening.close)
        server = _web_server(services)
        url = platform.url = f"http://{platform.settings.host}:{listening.getsockname()[1]}"
        parts = [driver.run(), heads.run(), board.run(), server.serve([listening])]
        tasks = [asyncio.create_task(part, name=f"{port.name} {number}") for number, part in enumerate(parts)]
        stack.push_async_callback(_end, tasks, server)
        stack.push_async_callback(_last_head, heads)
        await _until_started(server, tasks)
        platform.folder.announce(url=url, dsn=dsn, nats_url=broker.nats_url, port=port.name)
        await _start_children(platform, broker)
        tell(f"open at {clock.now()}")
        ended = asyncio.create_task(_first_end(tasks), name="first end")
        stack.push_async_callback(_forget, ended)
        yield ended


async def _build(
    platform: Platform, database: Database, broker: BrokerSettings, stack: contextlib.AsyncExitStack, tell: Tell
) -> tuple[PortDriver, LiveBoard, Services, HeadSigner]:
    settings, folder, port, clock = platform.settings, platform.folder, platform.port, platform.clock
    sealer = Sealer(open_sealing_keys(folder.path / "keys" / "sealing.json"))
    ledger = await PostgresLedger.open_writer(database, port.name, clock, sealer)
    stack.push_async_callback(ledger.close)
    records = PostgresGateRecords(database, port.name)
    if platform.ledger is None:
        platform.began_after = await ledger.size()
    platform.ledger, platform.records = ledger, records
    accounts, hasher = PostgresAccounts(database, port.name), Argon2Hasher()
    if settings.demo:
        await make_accounts(folder, ledger, accounts, hasher, clock.now())
    papers = PostgresPapersRecords(database, port.name)
    desk = PapersAtGate(port.name, papers, records, ledger)
    tell("broker")
    link = await stack.enter_async_context(links.platform_link(folder, broker, port.name))
    roles = Roles(
        link=link,
        ledger=ledger,
        records=records,
        papers=desk,
        drivers=desk,
        crossings=Crossings(papers, records, ledger),
        subjects=PostgresSubjects(database, sealer),
        clock=clock,
        signer=keys.platform_signer(folder.path, port.name),
        keys=keys.known_keys(folder.path, port.name, demo=settings.demo),
        chance=links.chance().randbytes,
        render=renderer(),
    )
    policy = policy_of(port, load_rulebook(port, rulebooks_beside(path_of(settings.port))))
    board = LiveBoard(board_setting_of(port), policy.rulebook, ledger, records, clock)
    driver = PortDriver(setting_of(port), policy, roles, board)
    tell("recovery")
    await board.start()
    await driver.start()
    board.attend(tuple(driver.lanes.values()))
    heads = HeadSigner(ledger, ledger.writer, keys.ledger_signer(folder.path, port.name), port.name, clock)
    services = Services(
        port=drawn(port),
        clock=clock,
        board=board,
        desk=PortDesk(driver, records, papers, clock, links.secret),
        ledger=ledger,
        gate=records,
        papers=papers,
        subjects=roles.subjects,
        salt=lambda: links.chance().randbytes(16),
        tiles=ledger,
        accounts=accounts,
        hasher=hasher,
        images=FileImages(folder.folder("images")),
        messages=catalogues(),
        ledger_key=heads.public_key_bytes,
        ledger_key_id=heads.key_id,
        secret=links.secret,
        demo=settings.demo,
        oidc=None if settings.oidc is None else load_identity_provider(settings.oidc),
        demo_accounts=((DEMO_USER, DEMO_PASSWORD),) if settings.demo else (),
        console=str(CONSOLE) if CONSOLE.is_dir() else None,
    )
    return driver, board, services, heads


def _listen(platform: Platform) -> socket.socket:
    """Listen for browsers, where it was asked for or at the same tcp port as before; raise Conflict if it is taken."""
    settings = platform.settings
    before = platform.folder.last_tcp_ports().get("web", 0)
    listening = listening_socket(settings.host, settings.tcp_port, before)
    platform.folder.remember_tcp_ports(web=listening.getsockname()[1])
    return listening


def _web_server(services: Services) -> uvicorn.Server:
    """Return the web server, not started."""
    config = uvicorn.Config(
        create_app(services),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined] # Ctrl-C is the command's business
    return server


async def _until_started(server: uvicorn.Server, tasks: list["asyncio.Task[None]"]) -> None:
    while not server.started:
        for task in tasks:
            if task.done():
                task.result()
                raise Unavailable(f"{task.get_name()} ended before the port was open")
        await asyncio.sleep(0.01)


async def _start_children(platform: Platform, broker: BrokerSettings) -> None:
    settings, folder, supervisor = platform.settings, platform.folder, platform.supervisor
    lanes = tuple(lane.name for lane in platform.port.lanes)
    wanted = [processes.lane_controller(folder, broker, settings, lanes)]
    if settings.demo:
        wanted.append(processes.field(folder, broker, settings, platform.url))
    for child in wanted:
        try:
            supervisor.child(child.name)
        except KeyError:
            await supervisor.start(child)


async def _first_end(tasks: list["asyncio.Task[None]"]) -> None:
    """Wait until one part ends, and raise what it ended with."""
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()
            raise Unavailable(f"{task.get_name()} ended")


async def _last_head(heads: HeadSigner) -> None:
    """Sign what was recorded last, so that nothing of this run stands without a signature over it."""
    with contextlib.suppress(Unavailable):
        await heads.sign()


async def _forget(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _end(tasks: list["asyncio.Task[None]"], server: uvicorn.Server) -> None:
    server.should_exit = True
    web = tasks[-1]
    await asyncio.wait([web], timeout=1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _on_event(event: ChildEvent) -> None:
    level = logging.WARNING if event.happening in (Happening.EXITED, Happening.UNHEALTHY) else logging.INFO
    _log.log(level, "%s %s %s", event.child, event.happening.value, event.detail)
