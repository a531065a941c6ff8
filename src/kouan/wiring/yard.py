"""A port's yard, wired: its desk over PostgreSQL, what inspection answers it, and the driver of its devices."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from kouan.adapters.driver.yard import YardDriver
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.release import PostgresReleaseRecords
from kouan.adapters.postgres.yard import PostgresYardRecords
from kouan.inspection.release.roles import ReleaseRecords
from kouan.inspection.roles import PapersRecords
from kouan.journeys.release_yard import ReleaseToYard
from kouan.journeys.write_off import NetWriteOffs
from kouan.journeys.yard_arrivals import GateToYard
from kouan.journeys.yard_desk import YardDesk, open_yard
from kouan.journeys.yard_papers import ReleasedByInspection, WrittenOffPapers
from kouan.journeys.yard_release import YardToRelease
from kouan.journeys.yard_visits import Follow
from kouan.ledger.roles import Ledger, Subjects
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.verdict import Reason
from kouan.web.services import ReleaseServices
from kouan.wiring.port_file import PortFile
from kouan.yard.events import CallPerson, Command
from kouan.yard.roles import YardRecords

Alarm = Callable[[str, str, int, Reason], None]
"""Raises an alarm: lane, passage, priority, reason (``adapters.driver.setting.Watcher.alarm``)."""


class YardParts(msgspec.Struct, frozen=True):
    """The parts of a port's yard."""

    desk: YardDesk
    driver: YardDriver
    arrivals: GateToYard


class YardStores(msgspec.Struct, frozen=True):
    """Where a port's yard, its papers and its releases are kept."""

    yard: YardRecords
    release: ReleaseRecords
    papers: PapersRecords
    ledger: Ledger
    subjects: Subjects


def yard_stores(database: Database, port: str, papers: PapersRecords, ledger: Ledger, subjects: Subjects) -> YardStores:
    """Return the stores of a port's yard in its database."""
    yard, release = PostgresYardRecords(database, port), PostgresReleaseRecords(database, port)
    return YardStores(yard, release, papers, ledger, subjects)


def caller(alarm: Alarm) -> Callable[[Command], None]:
    """Return what calls people for the yard."""

    def tell(command: Command) -> None:
        if isinstance(command, CallPerson):
            alarm("", "", command.priority, command.reason)

    return tell


def yard_of(
    port: PortFile,
    stores: YardStores,
    clock: Clock,
    chance: Callable[[int], bytes],
    alarm: Alarm,
    follow: Follow | None = None,
) -> YardParts | None:
    """Return the yard of a port, None where its file has none; ``follow`` as for ``YardVisits``."""
    if not port.yard.sites:
        return None
    ledger, tell = stores.ledger, caller(alarm)
    released = ReleasedByInspection(stores.release, clock)
    write_offs = WrittenOffPapers(NetWriteOffs(stores.papers, ledger, clock))
    until = dt.datetime.fromisoformat(port.calibrated_until).replace(tzinfo=ZoneInfo(port.timezone))
    calibrated_until = int(until.timestamp()) * SECOND
    desk = open_yard(
        port.yard, stores.yard, ledger, released, write_offs, clock, chance, calibrated_until, tell, follow
    )
    return YardParts(
        desk,
        YardDriver(desk, stores.subjects, clock, tell),
        GateToYard(port.yard, desk.visits, stores.papers, ledger, stores.subjects, tell),
    )


def release_and_yard(
    port: PortFile, stores: YardStores, release: ReleaseServices, clock: Clock, chance: Callable[[int], bytes],
    alarm: Alarm,
) -> YardParts | None:  # fmt: skip
    """Return the yard of a port joined to its release, each of which hears of the other; None where it has none."""
    told = YardToRelease(release.desk, stores.release, stores.yard, port.yard.tolerances.ticket_pm)
    yard = yard_of(port, stores, clock, chance, alarm, told.follow)
    if yard is not None:
        release.desk.moved = ReleaseToYard(release.desk, yard.desk.visits, stores.yard, told, caller(alarm)).follow
    return yard
