"""What targeting is run with: its rules, and draws that nobody can foresee."""

from collections.abc import Callable
from functools import cache
from random import Random, SystemRandom

from kouan.inspection.roles import ControlDesk, PapersRecords
from kouan.inspection.rules.roles import DecisionTables
from kouan.inspection.targeting.roles import Artefacts, TargetingRecords
from kouan.inspection.targeting.rules import RuleSet, read_rules
from kouan.journeys.targeting import Targeting
from kouan.journeys.targeting_desk import TargetingDesk
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Clock, Instant
from kouan.wiring.port_file import folder


@cache
def shipped_rules() -> RuleSet:
    """Return the targeting rules that hold until a port has approved its own; each has its dates."""
    return read_rules((folder() / "rules" / "targeting.toml").read_bytes())


def targeting_desk(
    papers: PapersRecords,
    records: TargetingRecords,
    ledger: Ledger,
    orders: ControlDesk,
    artefacts: Artefacts,
    clock: Clock,
    secret: Callable[[], str],
    *,
    chance: Random | None = None,
    tables: DecisionTables | None = None,
) -> TargetingDesk:
    """Return a port's targeting; without a ``chance`` its draws are the system's, which no trader can foresee."""
    targeting = Targeting(papers, records, ledger, orders, clock, chance or SystemRandom(), rules_in_force, tables)
    return TargetingDesk(targeting, records, ledger, artefacts, clock, secret)


def rules_in_force(_: Instant) -> RuleSet:
    """Return the targeting rules in force at an instant: those that were shipped, each with its own dates."""
    return shipped_rules()
