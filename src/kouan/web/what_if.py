"""What would have changed a decision, recomputed from the ledger."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from pydantic import StringConstraints
from starlette.responses import Response

from kouan.access.policy import Action
from kouan.gate.events import PassageOpened
from kouan.gate.procedures import Outcome
from kouan.gate.replay import Grounds, Replay, read_policy, replay
from kouan.gate.what_if import decisive, parse_changes, what_if
from kouan.ledger.roles import Ledger
from kouan.vocabulary.errors import NotFound
from kouan.web.answers import json_answer
from kouan.web.callers import GuardedRoute, Needed, asks
from kouan.web.fields import LINE, PassagePath, Shape

router = APIRouter(route_class=GuardedRoute, tags=["gate"])

MAX_ENTRIES = 10_000
"""Entries of one passage that are read. A passage has about thirty."""


class Change(Shape):
    """Evidence whose change would have changed the decision: what was found, what it would take, the outcome then."""

    field: str
    found: Any
    needed: Any
    outcome: Outcome
    rule: str


class WhatIf(Shape):
    """What would have changed the last decision; ``would_be`` is the outcome with the changes that were asked for."""

    outcome: Outcome | None
    would_be: Outcome | None
    items: list[Change]


Asked = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=LINE)]


@router.get("/passages/{passage}/what-if", response_model=WhatIf)
@asks(Action.WATCH)
async def explain_decision(
    passage: PassagePath,
    services: Needed,
    change: Annotated[
        list[Asked] | None, Query(max_length=16, description="Evidence changed, as ``weight=45000``; repeatable.")
    ] = None,
) -> Response:
    """Return which evidence would have changed the last decision of a passage, and what changes asked for would do."""
    found = await replayed(services.ledger, passage)
    if not found.grounds:
        return json_answer({"outcome": None, "would_be": None, "items": []})
    return json_answer(_explain(found, found.grounds[-1], change or []))


def _explain(found: Replay, grounds: Grounds, changes: list[str]) -> dict[str, Any]:
    rulebook = found.policy.rulebook
    would_be = what_if(grounds, rulebook, parse_changes(changes)).outcome if changes else None
    return {
        "outcome": grounds.decision.outcome,
        "would_be": would_be,
        "items": msgspec.to_builtins(decisive(grounds, rulebook), enc_hook=str),
    }


async def replayed(ledger: Ledger, passage: str) -> Replay:
    """Return a passage stepped through again under the policy in force then; raise NotFound."""
    entries = await ledger.read(stream=passage, limit=MAX_ENTRIES)
    if not entries or entries[0].kind != "gate.passage_opened/1":
        raise NotFound(f"there is no passage {passage}")
    digest = msgspec.json.decode(entries[0].body, type=PassageOpened).policy
    policies = await ledger.read(stream=digest, limit=1)
    if not policies:
        raise NotFound(f"the ledger has no policy {digest}")
    return replay(entries, read_policy(bytes(policies[0].body), digest))
