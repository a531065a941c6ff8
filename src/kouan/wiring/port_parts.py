"""What a running port is made of: ledger, driver, board, desks and web, built from the ledger and served."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import msgspec

from kouan.adapters.alarms import AlarmKeeper
from kouan.adapters.bay_planner.worker import WorkerPlanner
from kouan.adapters.board.board import LiveBoard
from kouan.adapters.board.hub import HubBoard
from kouan.adapters.calls import calls_of
from kouan.adapters.driver.desk import PortDesk
from kouan.adapters.driver.port_driver import PortDriver
from kouan.adapters.driver.region import RegionFollower
from kouan.adapters.driver.setting import Roles
from kouan.adapters.engines.nats_server import OUTSIDE_BROKER, OWN_BROKER
from kouan.adapters.heads import HeadSigner
from kouan.adapters.images import FileImages
from kouan.adapters.learning.artefacts import FileArtefacts
from kouan.adapters.nats.link import PlatformLink
from kouan.adapters.papers_files import FileReading
from kouan.adapters.papers_watch import PapersWatch
from kouan.adapters.passwords import Argon2Hasher
from kouan.adapters.postgres.command import PostgresAlarmRecords
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.migrate import migrate
from kouan.adapters.postgres.release import PostgresReleaseRecords
from kouan.adapters.postgres.rules import PostgresRuleRecords
from kouan.adapters.rules.dry_runs import recorded
from kouan.adapters.rules.shelf_watch import ShelfWatch
from kouan.inspection.examination.bays import Budget
from kouan.inspection.examination.planning import Roster
from kouan.journeys.crossing import Crossings
from kouan.journeys.departure import Departures
from kouan.journeys.examination_release import ExaminationToRelease
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.journeys.papers_due import PapersDue
from kouan.journeys.region_at_gate import RegionAtGate
from kouan.journeys.tables_at_gate import TablesAtGate
from kouan.journeys.targeting_desk import TargetingDesk
from kouan.web.app import create_app
from kouan.web.services import RuleServices, Services
from kouan.wiring import keys, links, processes
from kouan.wiring.demo import DEMO_PASSWORD, DEMO_USER
from kouan.wiring.edge import Edge, join_hub
from kouan.wiring.examination import (
    ExaminationHearers,
    ExaminationParts,
    ExaminationStores,
    examination_parts,
    roster_of,
)
from kouan.wiring.gate_settings import board_setting_of, load_rulebook, policy_of, setting_of
from kouan.wiring.identity import load_identity_provider
from kouan.wiring.messages import catalogues, renderer
from kouan.wiring.platform import Platform
from kouan.wiring.port_file import drawn, path_of, rulebooks_beside
from kouan.wiring.port_store import Store, open_store
from kouan.wiring.region_gate import region_at_gate
from kouan.wiring.release import ReleaseParts, release_of, rules_beside
from kouan.wiring.rules import RuleParts, engine, rules_of
from kouan.wiring.serving import Tell
from kouan.wiring.settings import BrokerSettings
from kouan.wiring.study import studies_of
from kouan.wiring.targeting import targeting_desk
from kouan.wiring.web_serving import console, end_of, open_web
from kouan.wiring.yard import YardParts, release_and_yard, yard_exits, yard_stores

Compose = Callable[[Platform, str, BrokerSettings, Tell], contextlib.AbstractAsyncContextManager["asyncio.Task[None]"]]
"""What ``serving`` is."""


@contextlib.asynccontextmanager
async def serving(
    platform: Platform, dsn: str, broker: BrokerSettings, tell: Tell
) -> AsyncIterator["asyncio.Task[None]"]:
    """Build the port from its ledger and serve; yields a task that ends with whatever ended the serving."""
    port, settings, folder = platform.port.name, platform.settings, platform.folder
    async with contextlib.AsyncExitStack() as stack:
        database = Database(dsn)
        stack.push_async_callback(database.close)
        await migrate(database)
        built = platform.parts = await _build(platform, database, broker, stack, tell)
        address, app = (settings.host, settings.tcp_port), create_app(built.services)
        opened = await open_web(stack, folder, address, app, port, built.parts(), built.heads)
        platform.url = opened.url
        owner = OWN_BROKER if settings.nats is None else OUTSIDE_BROKER
        mqtt = f"{broker.mqtt_host}:{broker.mqtt_tcp_port}"
        folder.announce(url=opened.url, dsn=dsn, nats_url=broker.nats_url, mqtt=mqtt, broker=owner, port=port)
        if settings.demo and settings.field:
            await platform.start_child(processes.field(folder, broker, settings, opened.url))
        tell(f"open at {platform.clock.now()}")
        yield end_of(stack, opened.tasks)


class PortParts(msgspec.Struct, frozen=True):
    """The parts of a port: ``edge`` and ``follower`` with a hub, ``yard`` and ``examination`` where it has them."""

    store: Store
    driver: PortDriver
    board: LiveBoard
    services: Services
    heads: HeadSigner
    papers: PapersWatch
    release: ReleaseParts
    alarms: AlarmKeeper
    edge: Edge | None
    follower: RegionFollower | None
    yard: YardParts | None = None
    examination: ExaminationParts | None = None

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for the port to serve."""
        parts = [self.driver.run(), self.heads.run(), self.store.mark.run(self.store.ledger.writer), self.board.run()]
        parts.append(self.store.ledger.writer.ended())
        parts += [self.papers.run(), self.release.watch.run(), self.alarms.run()]
        if self.services.rules is not None:
            parts.append(ShelfWatch(self.services.rules.desk).run())
        if self.edge is not None:
            parts += self.edge.parts()
        if self.follower is not None:
            parts.append(self.follower.run())
        if self.yard is not None:
            parts.append(self.yard.driver.run())
        if self.examination is not None:
            parts.append(self.examination.driver.run())
        return parts


async def _build(
    platform: Platform, database: Database, broker: BrokerSettings, stack: contextlib.AsyncExitStack, tell: Tell
) -> PortParts:
    settings, folder, port, clock = platform.settings, platform.folder, platform.port, platform.clock
    store = await open_store(platform, database, stack)
    ledger, records = store.ledger, store.records
    roster = roster_of(port.name, path_of(settings.port))
    desk = PapersAtGate(port.name, store.papers, records, ledger, None if roster is None else store.examinations)
    edge = await join_hub(settings, folder, port.name, database, ledger, clock, stack)
    region = None if edge is None else region_at_gate(port.name, desk, edge.keeper, clock)
    policy = policy_of(port, load_rulebook(port, rulebooks_beside(path_of(settings.port))), hub=edge is not None)
    board = LiveBoard(board_setting_of(port), policy.rulebook, ledger, records, clock)
    alarms = AlarmKeeper(board.alarms, ledger, PostgresAlarmRecords(database, port.name), clock)
    await alarms.start()
    tell("broker")
    link = await stack.enter_async_context(await links.watched_link(folder, broker, port.name, ledger, board.alarm))
    rules = await _rules(platform, database, store)
    release, yard = _release_and_yard(platform, database, store, link, rules, board)
    driver = PortDriver(setting_of(port), policy, _roles(platform, store, link, desk, region, yard, rules), board)
    tell("recovery")
    await board.start()
    await driver.start()
    gate_desk = PortDesk(driver, records, store.papers, clock, links.secret)
    targeting = await _targeting(platform, store, rules, gate_desk)
    examination = None if roster is None else _examination(
        roster, rules, store, gate_desk, driver, targeting, release, stack
    )  # fmt: skip
    follower, hub = None, None
    if edge is not None and region is not None:
        follower = RegionFollower(edge.keeper, driver, gate_desk.holds)
        await follower.start()
        hub = HubBoard(edge.keeper, region, lambda: driver.policy_at(clock.now()), settings.hub, edge.standing).view
    board.attend(tuple(driver.lanes.values()), lambda: driver.rules.view(clock.now()), hub)
    board.alarms.call_again(await calls_of(ledger))
    heads = HeadSigner(ledger, ledger.writer, keys.ledger_signer(folder.path, port.name), port.name, clock)
    services = dataclasses.replace(
        _services(platform, store, board, gate_desk, heads, targeting),
        yard=None if yard is None else yard.desk,
        examinations=None if examination is None else examination.examinations,
        release=release.services,
        rules=RuleServices(desk=rules.desk, dry_runs=rules.dry_runs),
        two_step=rules.two_step,
        alarms=alarms,
        studies=studies_of(platform, stack),
    )
    papers = PapersWatch(PapersDue(store.papers, ledger, clock), board.alarm, back=board.back)
    return PortParts(store, driver, board, services, heads, papers, release, alarms, edge, follower, yard, examination)


def _release_and_yard(
    platform: Platform, database: Database, store: Store, link: PlatformLink, rules: RuleParts, board: LiveBoard
) -> tuple[ReleaseParts, YardParts | None]:
    """Return what releases goods, and the supervised yard where the port has one."""
    port, clock, ledger = platform.port, platform.clock, store.ledger
    release = release_of(
        port.name, rules.release, database, store.papers, ledger, clock, links.chance(), board.alarm, board.back
    )
    signer, chance = keys.platform_signer(platform.folder.path, port.name), links.chance().randbytes
    exits = yard_exits(port, link, signer, chance, ledger, store.records, clock)
    stores = yard_stores(database, port.name, store.papers, ledger, store.subjects)
    yard = release_and_yard(
        port, stores, release.services, clock, chance, board.alarm, rules.overrun, exits, board.back
    )
    return release, yard


async def _targeting(platform: Platform, store: Store, rules: RuleParts, desk: PortDesk) -> TargetingDesk:
    """Return what selects vehicles for examination, with what it had learned."""
    models = FileArtefacts(platform.folder.folder("models"))
    targeting = targeting_desk(
        store.papers,
        store.targeting,
        store.ledger,
        desk.holds,
        models,
        platform.clock,
        links.secret,
        rules.targeting,
        tables=rules.tables,
    )
    await targeting.targeting.start()
    return targeting


def _examination(
    roster: Roster, rules: RuleParts, store: Store, desk: PortDesk, driver: PortDriver, targeting: TargetingDesk,
    release: ReleaseParts, stack: contextlib.AsyncExitStack,
) -> ExaminationParts:  # fmt: skip
    """Return what runs the examinations of a port that has bays for them."""
    roles, releasing = driver.roles, release.services
    planner = WorkerPlanner(Budget())
    stack.push_async_callback(planner.close)
    stores = ExaminationStores(store.examinations, store.papers, store.records, store.ledger, desk.holds, desk.turn)
    hearers = ExaminationHearers(
        learned=targeting.targeting.learned,
        departures=Departures(store.records, roles.crossings, driver.watcher.alarm),
        release=ExaminationToRelease(releasing.desk, releasing.records, store.papers),
        alarm=driver.watcher.alarm,
    )
    return examination_parts(stores, roster, rules.examination, roles.clock, planner, hearers)


async def _rules(platform: Platform, database: Database, store: Store) -> RuleParts:
    """Return the port's rule documents, read and in force."""
    port, records = platform.port.name, PostgresRuleRecords(database, platform.port.name)
    signer = keys.platform_signer(platform.folder.path, port)
    lots = PostgresReleaseRecords(database, port)
    read = recorded(store.records, store.ledger, store.targeting, lots, store.examinations)
    beside = rules_beside(path_of(platform.settings.port))
    rules = rules_of(port, records, store.ledger, signer, platform.clock, lambda: read, engine(), beside)
    await rules.desk.start()
    return rules


def _roles(
    platform: Platform,
    store: Store,
    link: PlatformLink,
    desk: PapersAtGate,
    region: RegionAtGate | None,
    yard: YardParts | None,
    rules: RuleParts,
) -> Roles:
    """Return what the driver needs; papers are asked of the region where there is one."""
    folder, port = platform.folder, platform.port.name
    arrivals = None if yard is None else yard.arrivals
    return Roles(
        link=link,
        ledger=store.ledger,
        records=store.records,
        papers=TablesAtGate(region or desk, rules.tables, store.papers, store.ledger, platform.clock),
        drivers=desk,
        crossings=Crossings(store.papers, store.records, store.ledger, arrivals),
        subjects=store.subjects,
        clock=platform.clock,
        signer=keys.platform_signer(folder.path, port),
        keys=keys.known_keys(folder.path, port, demo=platform.settings.demo),
        chance=links.chance().randbytes,
        render=renderer(),
        region=region,
        yard=None if yard is None else yard.driver,
    )


def _services(
    platform: Platform, store: Store, board: LiveBoard, desk: PortDesk, heads: HeadSigner, targeting: TargetingDesk
) -> Services:
    settings = platform.settings
    return Services(
        port=drawn(platform.port),
        clock=platform.clock,
        board=board,
        desk=desk,
        ledger=store.ledger,
        gate=store.records,
        papers=store.papers,
        read_papers=FileReading(),
        subjects=store.subjects,
        salt=lambda: links.chance().randbytes(16),
        tiles=store.ledger,
        accounts=store.accounts,
        hasher=Argon2Hasher(),
        images=FileImages(platform.folder.folder("images")),
        targeting=targeting,
        messages=catalogues(),
        ledger_key=heads.public_key_bytes,
        ledger_key_id=heads.key_id,
        secret=links.secret,
        demo=settings.demo,
        oidc=None if settings.oidc is None else load_identity_provider(settings.oidc),
        demo_accounts=((DEMO_USER, DEMO_PASSWORD),) if settings.demo else (),
        console=console(),
    )
