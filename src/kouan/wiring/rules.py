"""The rule documents of a port: the shelf that all else decides by, the desk, the tables, the dry runs."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from kouan.adapters.rules.dry_runs import DryRuns
from kouan.adapters.rules.shipped import shipped_documents
from kouan.adapters.rules.tables import Compile, TablesInForce, plain
from kouan.inspection.rules.document import RuleDocument
from kouan.inspection.rules.roles import RuleDocuments, RuleRecords
from kouan.inspection.rules.shelf import RuleShelf, ShelvedReleaseRules
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
    )


async def _sides(documents: RuleDocuments, port: str, draft: RuleDocument, compile_table: Compile) -> Sides:
    book = await ShelvedReleaseRules(documents, port).book(draft.effective_from)
    return Sides(TablesInForce(documents, compile_table), book)
