"""A port's yard, wired: its desk over PostgreSQL, what inspection answers it, and the driver of its devices."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from kouan.adapters.driver.courier import Courier
from kouan.adapters.driver.messenger import Messenger
from kouan.adapters.driver.yard import YardDriver
from kouan.adapters.driver.yard_exits import YardExits
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.release import PostgresReleaseRecords
from kouan.adapters.postgres.yard import PostgresYardRecords
from kouan.gate.roles import GateRecords
from kouan.inspection.overrun import OverrunAt, no_overrun
from kouan.inspection.release.roles import ReleaseRecords
from kouan.inspection.roles import PapersRecords
from kouan.journeys.release_yard import ReleaseToYard
from kouan.journeys.write_off import NetWriteOffs
from kouan.journeys.yard_arrivals import GateToYard
from kouan.journeys.yard_desk import YardDesk, open_yard
from kouan.journeys.yard_papers import ReleasedByInspection, WrittenOffPapers
from kouan.journeys.yard_recording import Follow, nobody_signs
from kouan.journeys.yard_release import YardToRelease
from kouan.ledger.roles import Ledger, Subjects
from kouan.protocols.jws import Signer
from kouan.protocols.link import Link
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.verdict import Alert, Back
from kouan.web.services import ReleaseServices
from kouan.wiring.messages import renderer
from kouan.wiring.port_file import PortFile
from kouan.yard.events import CallPerson, Command
from kouan.yard.roles import YardRecords


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


def yard_exits(
    port: PortFile, link: Link, signer: Signer, chance: Callable[[int], bytes], ledger: Ledger, records: GateRecords,
    clock: Clock,
) -> YardExits | None:  # fmt: skip
    """Return what orders the exit lanes of a port's yard; None where it has none."""
    names = [each.name for each in port.yard.exits]
    messenger = Messenger(port.name, Courier(link, clock), clock, signer, renderer())
    return YardExits(port.name, names, messenger, signer, chance, ledger, records, clock) if names else None


def caller(alarm: Alert) -> Callable[[Command], None]:
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
    alarm: Alert,
    follow: Follow | None = None,
    overrun: OverrunAt = no_overrun,
    exits: YardExits | None = None,
    back: Back | None = None,
) -> YardParts | None:
    """Return the yard of a port, None where its file has none; ``follow`` as for ``YardVisits``.

    Without ``exits`` whoever may leave is let out by a person.
    """
    if not port.yard.sites:
        return None
    ledger, call = stores.ledger, caller(alarm)
    released = ReleasedByInspection(stores.release, clock)
    write_offs = WrittenOffPapers(NetWriteOffs(stores.papers, ledger, clock, overrun))
    until = dt.datetime.fromisoformat(port.calibrated_until).replace(tzinfo=ZoneInfo(port.timezone))
    calibrated_until = int(until.timestamp()) * SECOND

    def carry_out(command: Command) -> None:
        driver.carry_out(command)

    desk = open_yard(
        port.yard, stores.yard, ledger, released, write_offs, clock, chance, calibrated_until, carry_out, follow,
        nobody_signs if exits is None else exits.sign, exits,
    )  # fmt: skip
    driver = YardDriver(desk, stores.subjects, clock, call, exits=exits, back=back)
    return YardParts(desk, driver, GateToYard(port.yard, desk.visits, stores.papers, ledger, stores.subjects, call))


def release_and_yard(
    port: PortFile, stores: YardStores, release: ReleaseServices, clock: Clock, chance: Callable[[int], bytes],
    alarm: Alert, overrun: OverrunAt = no_overrun, exits: YardExits | None = None, back: Back | None = None,
) -> YardParts | None:  # fmt: skip
    """Return the yard of a port joined to its release, each of which hears of the other; None where it has none."""
    told = YardToRelease(release.desk, stores.release, stores.yard, port.yard.tolerances.ticket_pm)
    yard = yard_of(port, stores, clock, chance, alarm, told.follow, overrun, exits, back)
    if yard is not None:
        yard.driver.settle = told.settle
        release.desk.moved = ReleaseToYard(release.desk, yard.desk.visits, stores.yard, told, caller(alarm)).follow
    return yard
