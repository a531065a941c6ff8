"""A port's release, wired: its desk and watch over PostgreSQL, its rules from files."""

from pathlib import Path
from random import Random

import msgspec

from kouan.adapters.driver.release_watch import ReleaseWatch
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.release import PostgresReleaseRecords
from kouan.inspection.release.roles import ReleaseRules
from kouan.inspection.roles import PapersRecords
from kouan.journeys.release import ReleaseDesk
from kouan.journeys.release_papers import PapersForRelease
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.verdict import Alert, Back
from kouan.web.services import ReleaseServices
from kouan.wiring.port_file import folder


class ReleaseParts(msgspec.Struct, frozen=True):
    """The parts of a port's release."""

    services: ReleaseServices
    watch: ReleaseWatch


def rules_beside(port_file: Path) -> Path:
    """Return the folder of release rules that belongs to a port's file: the one beside it, else kouan's own."""
    beside = port_file.parent / "rules"
    return beside if beside.is_dir() else folder() / "rules"


def release_of(
    port: str, rules: ReleaseRules, database: Database, papers: PapersRecords, ledger: Ledger, clock: Clock,
    chance: Random, alarm: Alert, back: Back,
) -> ReleaseParts:  # fmt: skip
    """Return the release of a port; by the rules in force."""
    records = PostgresReleaseRecords(database, port)
    desk = ReleaseDesk(records, ledger, rules, clock, chance)
    services = ReleaseServices(records=records, desk=desk, papers=PapersForRelease(desk, records, papers))
    return ReleaseParts(services, ReleaseWatch(desk, records, clock, alarm, back=back))
