"""One running port: engines, ledger, driver, web, and the processes beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from kouan.adapters.board.board import LiveBoard
from kouan.adapters.board.hub import HubBoard
from kouan.adapters.clock import SystemClock
from kouan.adapters.driver.desk import PortDesk
from kouan.adapters.driver.port_driver import PortDriver
from kouan.adapters.driver.region import RegionFollower
from kouan.adapters.driver.setting import Roles
from kouan.adapters.engines.child import ChildProcess
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.nats_server import OUTSIDE_BROKER, OWN_BROKER
from kouan.adapters.engines.postgres import EmbeddedPostgres
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.heads import HeadSigner
from kouan.adapters.images import FileImages
from kouan.adapters.ledger_mark import LedgerMark
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
from kouan.vocabulary.errors import Unavailable
from kouan.web.app import create_app
from kouan.web.services import Services
from kouan.wiring import identities, keys, links, processes
from kouan.wiring.demo import DEMO_PASSWORD, DEMO_USER, make_accounts
from kouan.wiring.edge import Edge, join_hub
from kouan.wiring.field import log_paths
from kouan.wiring.gate_settings import board_setting_of, load_rulebook, policy_of, setting_of
from kouan.wiring.identity import load_identity_provider
from kouan.wiring.messages import catalogues, renderer
from kouan.wiring.port_file import PortFile, drawn, load, path_of, rulebooks_beside
from kouan.wiring.region_gate import region_at_gate
from kouan.wiring.report import figures, lines_of
from kouan.wiring.serving import (
    CARE,
    Tell,
    end_of,
    last_head,
    listen,
    log_child,
    run_parts,
    serve_again_and_again,
    unless,
    web_server,
)
from kouan.wiring.settings import BrokerSettings, RunSettings

CONSOLE = Path(__file__).resolve().parents[1] / "console_dist"
"""The built console; a checkout makes it with ``make``, a wheel brings it."""

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
        self.edge: Edge | None = None
        truth, actuations = log_paths(folder.path)
        self.began_after = 0
        self.truth = (truth, lines_of(truth))
        self.actuations = (actuations, lines_of(actuations))

    async def figures(self) -> dict[str, Any]:
        """Return what this run did; a live port has no record of the field to compare with."""
        if self.ledger is None or self.board is None:
            raise Unavailable("the port is not open")
        spans = self.board.decision_spans_us
        found = await figures(self.ledger, self.began_after, self.truth, self.actuations, list(spans))
        return found if self.edge is None else {**found, "hub": msgspec.to_builtins(self.edge.forwarder.progress)}


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
        supervisor = Supervisor(log_child, CARE)
        platform = Platform(settings, folder, port, supervisor)
        try:
            tell("engines")
            engines = await unless(stop, _engines(platform))
            if engines is not None:
                await serve_again_and_again(
                    lambda: serving(platform, *engines, tell), stop, lambda: ready(platform), lambda: finish(platform)
                )
        finally:
            await supervisor.stop()


async def _engines(platform: Platform) -> tuple[str, BrokerSettings]:
    """Start what is embedded, side by side; return the database's and the broker's addresses."""
    settings, folder, supervisor = platform.settings, platform.folder, platform.supervisor

    async def database() -> str:
        return settings.database or (await EmbeddedPostgres(folder).start(supervisor)).dsn

    async def broker() -> BrokerSettings:
        port, lanes = platform.port.name, [lane.name for lane in platform.port.lanes]
        field = identities.simulated_field(port, lanes) if settings.demo else ()
        identities.prepare(folder, port, platform.clock.now(), field)
        if settings.nats is not None:
            return links.outside_broker(settings.nats, settings.mqtt, settings.broker_ca)
        engine = EmbeddedNats(folder, host=settings.devices_host, mqtt_port=settings.devices_tcp_port)
        return links.broker_of(await engine.start(supervisor))

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
        await _start_lane_controller(platform, broker)
        await migrate(database)
        built = await _build(platform, database, broker, stack, tell)
        platform.driver, platform.board, platform.edge = built.driver, built.board, built.edge
        settings = platform.settings
        listening = listen(platform.folder, settings.host, settings.tcp_port)
        stack.callback(listening.close)
        url = platform.url = f"http://{settings.host}:{listening.getsockname()[1]}"
        server = web_server(create_app(built.services))
        tasks = await run_parts(stack, port.name, built.parts(), server, listening, lambda: last_head(built.heads))
        owner = OWN_BROKER if platform.settings.nats is None else OUTSIDE_BROKER
        mqtt = f"{broker.mqtt_host}:{broker.mqtt_tcp_port}"
        platform.folder.announce(url=url, dsn=dsn, nats_url=broker.nats_url, mqtt=mqtt, broker=owner, port=port.name)
        await _start_field(platform, broker)
        tell(f"open at {clock.now()}")
        yield end_of(stack, tasks)


class Built(msgspec.Struct, frozen=True):
    """The parts of a port; ``edge`` and ``follower`` where it has a hub."""

    driver: PortDriver
    board: LiveBoard
    services: Services
    heads: HeadSigner
    mark: LedgerMark
    ledger: PostgresLedger
    edge: Edge | None
    follower: RegionFollower | None

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for the port to serve."""
        parts = [self.driver.run(), self.heads.run(), self.mark.run(self.ledger.writer), self.board.run()]
        if self.edge is not None:
            parts += self.edge.parts()
        if self.follower is not None:
            parts.append(self.follower.run())
        return parts


async def _build(
    platform: Platform, database: Database, broker: BrokerSettings, stack: contextlib.AsyncExitStack, tell: Tell
) -> Built:
    settings, folder, port, clock = platform.settings, platform.folder, platform.port, platform.clock
    sealer = Sealer(open_sealing_keys(folder.path / "keys" / "sealing.json"))
    ledger = await PostgresLedger.open_writer(database, port.name, clock, sealer)
    stack.push_async_callback(ledger.close)
    mark = LedgerMark(folder, port.name)
    await mark.check(ledger)
    records = PostgresGateRecords(database, port.name)
    if platform.ledger is None:
        platform.began_after = await ledger.size()
    platform.ledger, platform.records = ledger, records
    accounts, hasher = PostgresAccounts(database, port.name), Argon2Hasher()
    if settings.demo:
        await make_accounts(folder, ledger, accounts, hasher, clock.now())
    papers = PostgresPapersRecords(database, port.name)
    desk = PapersAtGate(port.name, papers, records, ledger)
    edge = await join_hub(settings, folder, port.name, database, ledger, clock, stack)
    region = None if edge is None else region_at_gate(port.name, desk, edge.keeper, clock)
    tell("broker")
    link = await stack.enter_async_context(links.platform_link(folder, broker, port.name))
    roles = Roles(
        link=link,
        ledger=ledger,
        records=records,
        papers=region or desk,
        drivers=desk,
        crossings=Crossings(papers, records, ledger),
        subjects=PostgresSubjects(database, sealer),
        clock=clock,
        signer=keys.platform_signer(folder.path, port.name),
        keys=keys.known_keys(folder.path, port.name, demo=settings.demo),
        chance=links.chance().randbytes,
        render=renderer(),
        region=region,
    )
    policy = policy_of(port, load_rulebook(port, rulebooks_beside(path_of(settings.port))), hub=edge is not None)
    board = LiveBoard(board_setting_of(port), policy.rulebook, ledger, records, clock)
    driver = PortDriver(setting_of(port), policy, roles, board)
    tell("recovery")
    await board.start()
    await driver.start()
    gate_desk = PortDesk(driver, records, papers, clock, links.secret)
    follower, hub = None, None
    if edge is not None and region is not None:
        follower = RegionFollower(edge.keeper, driver, gate_desk.holds)
        await follower.start()
        hub = HubBoard(edge.keeper, region, lambda: driver.policy_at(clock.now()), settings.hub, edge.standing).view
    board.attend(tuple(driver.lanes.values()), lambda: driver.rules.view(clock.now()), hub)
    heads = HeadSigner(ledger, ledger.writer, keys.ledger_signer(folder.path, port.name), port.name, clock)
    services = Services(
        port=drawn(port),
        clock=clock,
        board=board,
        desk=gate_desk,
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
    return Built(driver, board, services, heads, mark, ledger, edge, follower)


async def _start_lane_controller(platform: Platform, broker: BrokerSettings) -> None:
    """Start the lane controller beside the platform: it needs nothing of it but its public key, and as much time."""
    keys.platform_signer(platform.folder.path, platform.port.name)
    lanes = tuple(lane.name for lane in platform.port.lanes)
    await _start_child(platform, processes.lane_controller(platform.folder, broker, platform.settings, lanes))


async def _start_field(platform: Platform, broker: BrokerSettings) -> None:
    settings = platform.settings
    if settings.demo and settings.field:
        await _start_child(platform, processes.field(platform.folder, broker, settings, platform.url))


async def _start_child(platform: Platform, child: ChildProcess) -> None:
    """Start a child unless it runs already: the platform may be built anew while its children go on."""
    try:
        platform.supervisor.child(child.name)
    except KeyError:
        await platform.supervisor.start(child)
