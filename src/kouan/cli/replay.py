"""``kouan replay``: decide a historic passage again."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from kouan.adapters.policies import replay_of
from kouan.cli import options
from kouan.cli.output import err, show
from kouan.gate.decision import Decision
from kouan.gate.replay import Replay
from kouan.gate.what_if import decisive, parse_changes, what_if
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.wiring.messages import renderer
from kouan.wiring.offline import Store, opened

Changes = Annotated[
    list[str] | None, typer.Option("--what-if", help="Changed evidence, as in weight=45000; repeatable.")
]


def replay(
    data: options.Data,
    passage: Annotated[str | None, typer.Argument(help="The passage's id.")] = None,
    latest: Annotated[bool, typer.Option("--latest", help="Take the passage that was decided last.")] = False,
    changes: Changes = None,
    port: options.Port = "ganqimaodu",
    database: Annotated[str | None, typer.Option("--database", help="DSN of an outside PostgreSQL.")] = None,
    json: options.Json = False,
) -> None:
    """Recompute a passage's decisions from the ledger, byte for byte, under the policy that was in force.

    With --what-if: what the decision would have been with other evidence; without: which evidence would have changed
    it.
    """
    if (passage is None) != latest:
        raise InvalidValue("passage", "replay.passage", "give a passage's id, or --latest")
    figures = asyncio.run(_replay(data, port, database, passage, changes or []))
    show(f"Passage {figures['passage']}", figures, as_json=json)
    if not figures["faithful"]:
        err.print("[red]What the facts give now differs from what was recorded.[/red]")
        raise typer.Exit(1)


async def _replay(
    data: Path, port: str, database: str | None, passage: str | None, changes: list[str]
) -> dict[str, Any]:
    async with opened(data, port, database=database) as store:
        found = await replay_of(store.ledger, passage or await _latest(store))
    figures: dict[str, Any] = {
        "passage": found.passage,
        "faithful": found.faithful,
        "remade": len(found.remade),
        "policy": found.policy.digest,
    }
    return figures | _decisions(found, changes)


async def _latest(store: Store) -> str:
    for record in await store.records.list_passages(limit=1000):
        if record.outcome is not None:
            return record.passage
    raise NotFound("no passage was decided yet")


def _decisions(found: Replay, changes: list[str]) -> dict[str, Any]:
    if not found.grounds:
        return {"decision": None}
    grounds = found.grounds[-1]
    told = {"decision": grounds.decision.outcome.value, "reasons": _reasons(grounds.decision)}
    if changes:
        remade = what_if(grounds, found.policy.rulebook, parse_changes(changes))
        return told | {
            "what_if": changes,
            "would_be": remade.outcome.value,
            "would_change": remade.outcome != grounds.decision.outcome,
            "would_be_reasons": _reasons(remade),
        }
    return told | {"decisive": msgspec.to_builtins(decisive(grounds, found.policy.rulebook))}


def _reasons(decision: Decision) -> list[str]:
    render = renderer()
    return [
        f"{finding.rule}@{finding.version}: {render('en', finding.reason)} / {render('zh', finding.reason)}"
        for finding in decision.findings
    ]
