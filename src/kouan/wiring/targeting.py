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
    """Return the targeting rules that hold until a port has approved its own, for a bench that has no port."""
    return read_rules((folder() / "rules" / "targeting.toml").read_bytes())


def targeting_desk(
    papers: PapersRecords,
    records: TargetingRecords,
    ledger: Ledger,
    orders: ControlDesk,
    artefacts: Artefacts,
    clock: Clock,
    secret: Callable[[], str],
    rules: Callable[[Instant], RuleSet],
    *,
    chance: Random | None = None,
    tables: DecisionTables | None = None,
) -> TargetingDesk:
    """Return a port's targeting; ``rules`` are those in force at an instant, ``tables`` what officers wrote beside.

    Without a ``chance`` its draws are the system's, which no trader can foresee.
    """
    targeting = Targeting(papers, records, ledger, orders, clock, chance or SystemRandom(), rules, tables)
    return TargetingDesk(targeting, records, ledger, artefacts, clock, secret)
