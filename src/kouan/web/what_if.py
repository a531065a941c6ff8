"""What would have changed a decision, recomputed from the ledger."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from pydantic import StringConstraints
from starlette.responses import Response

from kouan.access.policy import fields_of
from kouan.access.words import Action, Field, State
from kouan.gate.events import PassageOpened
from kouan.gate.procedures import Outcome
from kouan.gate.replay import Grounds, Replay, read_policy, replay
from kouan.gate.what_if import ALIASES, decisive, parse_changes, what_if
from kouan.ledger.roles import Ledger
from kouan.vocabulary.errors import NotFound
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import LINE, PassagePath, Shape
from kouan.web.matters import passage_matter
from kouan.web.need_to_know import evidence_field
from kouan.web.problems import FieldError, ProblemError
from kouan.web.reading import Reads

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
    caller: Caller,
    services: Needed,
    reads: Reads,
    change: Annotated[
        list[Asked] | None, Query(max_length=16, description="Evidence changed, as ``weight=45000``; repeatable.")
    ] = None,
) -> Response:
    """Return which evidence would have changed the last decision of a passage, and what changes asked for would do."""
    view = await services.board.passage(passage)
    seen = fields_of(caller.roles, caller.agency, Action.WATCH, State(view["state"]))
    seen |= await reads.of_one(passage_matter(view, reads.port))
    changes = parse_changes(change or [])
    hidden = [name for name in changes if evidence_field(ALIASES.get(name, name)) not in seen]
    if hidden:
        raise ProblemError(
            403, errors=[FieldError("change", "access.not_yours", f"{name} is withheld") for name in hidden]
        )
    found = await replayed(services.ledger, passage)
    if not found.grounds:
        return json_answer({"outcome": None, "would_be": None, "items": []})
    return json_answer(_explain(found, found.grounds[-1], changes, seen))


def _explain(found: Replay, grounds: Grounds, changes: Mapping[str, str], seen: frozenset[Field]) -> dict[str, Any]:
    rulebook = found.policy.rulebook
    would_be = what_if(grounds, rulebook, changes).outcome if changes else None
    return {
        "outcome": grounds.decision.outcome,
        "would_be": would_be,
        "items": [
            msgspec.to_builtins(item, enc_hook=str)
            for item in decisive(grounds, rulebook)
            if evidence_field(item.field) in seen
        ],
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
