"""The rule documents of a port: the shelf that all else decides by, the desk, the tables, the dry runs."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from kouan.adapters.rules.dry_runs import DryRuns
from kouan.adapters.rules.shipped import shipped_documents
from kouan.adapters.rules.tables import Compile, TablesInForce, plain
from kouan.inspection.examination.rules import ExaminationRules
from kouan.inspection.overrun import OverrunAt
from kouan.inspection.rules.document import RuleDocument
from kouan.inspection.rules.roles import RuleDocuments, RuleRecords
from kouan.inspection.rules.shelf import (
    RuleShelf,
    Shelved,
    ShelvedReleaseRules,
    examination_rules,
    overrun_rules,
    targeting_rules,
)
from kouan.inspection.targeting.rules import RuleSet
from kouan.inspection.two_step import ListedRules, RulesAt
from kouan.journeys.rule_dry_run import Effect, Recorded, Sides, WithDraft, dry_run
from kouan.journeys.rules_desk import RulesDesk
from kouan.ledger.roles import Ledger
from kouan.protocols.jws import PrivateKeySigner
from kouan.vocabulary.clock import Clock
from kouan.wiring.port_file import folder


class RuleParts(msgspec.Struct, frozen=True):
    """What a port has of rule documents; ``start`` the desk before anything is decided."""

    desk: RulesDesk
    tables: TablesInForce
    release: ShelvedReleaseRules
    dry_runs: DryRuns
    two_step: RulesAt
    overrun: OverrunAt
    targeting: Shelved[RuleSet]
    examination: Shelved[ExaminationRules]


def engine() -> Compile:
    """Return the engine of decision tables; its library is loaded here, and only where a port serves."""
    from kouan.adapters.rules.zen import compiled

    return compiled


def rules_of(
    port: str,
    records: RuleRecords,
    ledger: Ledger,
    signer: PrivateKeySigner,
    clock: Clock,
    recorded: Callable[[], Recorded],
    compile_table: Compile = plain,
    beside: Path | None = None,
) -> RuleParts:
    """Return a port's rule documents; ``beside`` holds those that hold where it has approved none of its own.

    ``signer`` is the port's own key, which also says what is believed.
    """
    own = folder() / "rules"
    shelf = RuleShelf(port, shipped_documents(beside or own, port, own), {signer.key_id: signer.public_key})

    async def start(draft: RuleDocument) -> AsyncIterator[Effect]:
        before = await _sides(shelf, port, draft, compile_table)
        after = await _sides(WithDraft(shelf, draft), port, draft, compile_table)
        async for effect in dry_run(draft, before, after, recorded(), clock.now()):
            yield effect

    return RuleParts(
        RulesDesk(records, ledger, shelf, port, signer, clock),
        TablesInForce(shelf, compile_table),
        ShelvedReleaseRules(shelf, port),
        DryRuns(start, clock),
        ListedRules(shelf),
        overrun_rules(shelf),
        targeting_rules(shelf),
        examination_rules(shelf),
    )


async def _sides(documents: RuleDocuments, port: str, draft: RuleDocument, compile_table: Compile) -> Sides:
    at = draft.effective_from
    book = await ShelvedReleaseRules(documents, port).book(at)
    targeting, examination = targeting_rules(documents)(at), examination_rules(documents)(at)
    return Sides(TablesInForce(documents, compile_table), book, targeting, examination)
