"""Rule documents: what is in force, drafts, what is wrong with them, what they would have changed, and who approved."""

import difflib
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field as Bounded
from starlette.responses import Response

from kouan.access.words import Action, Field
from kouan.inspection.fields import violations_of
from kouan.inspection.rules.checking import Problem
from kouan.inspection.rules.document import MAX_BYTES, Kind, RuleDocument, State, names_of
from kouan.inspection.rules.facts import STAGES
from kouan.inspection.rules.records import RuleRecord
from kouan.inspection.steps import MAKING, StepKind
from kouan.journeys.rule_dry_run import Job
from kouan.journeys.rules_desk import Asked
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused
from kouan.web.answered import once
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import IdempotencyKey, Instant, Password, Shape, Why
from kouan.web.problems import FieldError, ProblemError
from kouan.web.rules_shapes import (
    Documents,
    DocumentView,
    DryRunView,
    Problems,
    ProblemView,
    Vocabulary,
    shipped_view,
    view,
)
from kouan.web.services import RuleServices, Services
from kouan.web.session import proven_again

router = APIRouter(route_class=GuardedRoute, tags=["rules"], prefix="/rules")
checks = APIRouter(route_class=GuardedRoute, tags=["rules"], prefix="/rule-checks")
dry_runs = APIRouter(route_class=GuardedRoute, tags=["rules"], prefix="/rule-dry-runs")

Answer = TypeVar("Answer")
NamePath = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,63}$", description="The document's name.")]
VersionPath = Annotated[int, Path(ge=0, le=1_000_000, description="The document's version.")]
Content = Annotated[str, Bounded(max_length=MAX_BYTES)]


class ContentRequest(Shape):
    """What a document is to say, from and until when."""

    content: Content
    effective_from: Instant
    effective_until: Instant | None = None


class DraftRequest(ContentRequest):
    """A draft, and why it is written."""

    reason: Why


class ActRequest(Shape):
    """Why, and the password once more where the session has not been proven lately."""

    reason: Why
    password: Password | None = None


class Difference(Shape):
    """The lines of a unified diff from one version to another."""

    lines: list[str]


@router.get("", response_model=Documents)
@asks(Action.WATCH, Field.RULES)
async def list_rule_documents(services: Needed) -> Response:
    """Return every version of every document with its state, shipped ones first."""
    desk = _rules(services).desk
    now = services.clock.now()
    items = [shipped_view(one, desk.shelf.in_force(one.kind, one.name, now) == one) for one in desk.shelf.shipped()]
    items += [view(one, desk.shelf.state_of(one, now)) for one in await desk.records.everything()]
    return json_answer({"at": now, "items": items})


@router.get("/vocabulary", response_model=Vocabulary)
@asks(Action.WATCH, Field.RULES)
async def get_rule_vocabulary(services: Needed) -> Response:
    """Return what documents may be named, and what tables may ask for at each stage."""
    names = names_of(str(services.port["port"]))
    steps = [step for step in StepKind if step not in MAKING]
    return json_answer({"names": names, "facts": STAGES, "steps": steps})


@dry_runs.get("/{number}", response_model=DryRunView)
@asks(Action.WATCH, Field.RULES)
async def get_dry_run(number: Annotated[str, Path(min_length=1, max_length=128)], services: Needed) -> Response:
    """Return how far a dry run is, and what it found."""
    return _job(_rules(services).dry_runs.find(number))


@router.get("/{kind}/{name}/{version}", response_model=DocumentView)
@asks(Action.WATCH, Field.RULES)
async def get_rule_document(kind: Kind, name: NamePath, version: VersionPath, services: Needed) -> Response:
    """Return one version of a document with its content."""
    return json_answer(await _shown(services, kind, name, version))


@router.get("/{kind}/{name}/{version}/difference", response_model=Difference)
@asks(Action.WATCH, Field.RULES)
async def compare_rule_documents(
    kind: Kind,
    name: NamePath,
    version: VersionPath,
    services: Needed,
    to: Annotated[int, Query(ge=0, le=1_000_000, description="The version to compare with.")],
) -> Response:
    """Return what is different in another version of a document."""
    one, other = [await _shown(services, kind, name, each) for each in (version, to)]
    old, new = (str(each["content"]).splitlines() for each in (one, other))
    lines = difflib.unified_diff(old, new, f"{name}@{version}", f"{name}@{to}", lineterm="", n=2)
    return json_answer({"lines": list(lines)})


@checks.post("/{kind}/{name}", response_model=Problems)
@asks(Action.WRITE_RULES)
async def check_rule_content(kind: Kind, name: NamePath, body: ContentRequest, services: Needed) -> Response:
    """Return what is wrong with a content before it is kept: rows and cells of a table, lines of a text."""
    return _problems(_rules(services).desk.check_content(_asked(kind, name, body)))


@router.post("/{kind}/{name}", response_model=DocumentView, status_code=201)
@asks(Action.WRITE_RULES)
async def draft_rule_document(
    request: Request,
    kind: Kind,
    name: NamePath,
    body: DraftRequest,
    caller: Caller,
    services: Needed,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep a draft under the next version; it decides nothing."""

    async def act() -> Response:
        done = await _rules(services).desk.draft(caller, _asked(kind, name, body), body.reason)
        return _stands(services, done, 201)

    return await once(request, services, caller, idempotency_key, act)


@router.get("/{kind}/{name}/{version}/problems", response_model=Problems)
@asks(Action.WATCH, Field.RULES)
async def validate_rule_document(kind: Kind, name: NamePath, version: VersionPath, services: Needed) -> Response:
    """Return all that stands against approving a draft now: its content, and its dates beside others in force."""
    desk = _rules(services).desk
    return _problems(await desk.check(await desk.found(kind, name, version)))


@router.post("/{kind}/{name}/{version}/dry-run", response_model=DryRunView, status_code=202)
@asks(Action.WRITE_RULES)
async def begin_dry_run(kind: Kind, name: NamePath, version: VersionPath, services: Needed) -> Response:
    """Begin, in the background, to look which decisions of the last month a draft would have changed."""
    rules = _rules(services)
    record = await rules.desk.found(kind, name, version)
    problems = rules.desk.check_content(
        Asked(kind, name, record.effective_from, record.content, record.effective_until)
    )
    if problems:
        raise ProblemError(422, errors=[FieldError(each.field, each.rule, each.mend) for each in problems])
    return _job(rules.dry_runs.begin(record.document), 202)


@router.post("/{kind}/{name}/{version}/approval", response_model=DocumentView)
@asks(Action.WRITE_RULES)
async def approve_rule_document(
    request: Request, kind: Kind, name: NamePath, version: VersionPath, body: ActRequest, caller: Caller,
    services: Needed,
) -> Response:  # fmt: skip
    """Put a draft in force from its date, as a second person of its authority; the port signs it."""
    proven = await proven_again(request, services, caller, body.password)
    desk = _rules(services).desk
    return _stands(services, await desk.approve(caller, kind, name, version, body.reason, stepped_up=proven))


@router.post("/{kind}/{name}/{version}/withdrawal", response_model=DocumentView)
@asks(Action.WRITE_RULES)
async def withdraw_rule_document(
    request: Request, kind: Kind, name: NamePath, version: VersionPath, body: ActRequest, caller: Caller,
    services: Needed,
) -> Response:  # fmt: skip
    """Withdraw a draft, or an approved document from now on; what held before it holds again."""
    proven = await proven_again(request, services, caller, body.password)
    desk = _rules(services).desk
    return _stands(services, await desk.withdraw(caller, kind, name, version, body.reason, stepped_up=proven))


CONFLICTS = (
    "rules.not_draft", "rules.same_person", "rules.withdrawn", "rules.version_taken", "rules.conflict", "rules.overlap",
)  # fmt: skip
"""Rules that a request breaks by what stands, not by what it says."""


def _rules(services: Services) -> RuleServices:
    if services.rules is None:
        raise NotFound("this port keeps no rule documents")
    return services.rules


def _asked(kind: Kind, name: str, body: ContentRequest) -> Asked:
    return Asked(kind, name, body.effective_from, body.content.encode("utf-8"), body.effective_until)


async def _shown(services: Services, kind: Kind, name: str, version: int) -> dict[str, object]:
    desk = _rules(services).desk
    record = await desk.records.find(kind.value, name, version)
    if record is not None:
        return view(record, desk.shelf.state_of(record, services.clock.now()), content=True)
    shipped: RuleDocument | None = next(
        (each for each in desk.shelf.shipped() if (each.kind, each.name, each.version) == (kind, name, version)), None
    )
    if shipped is None:
        raise NotFound(f"there is no {kind.value} {name}@{version}")
    used = desk.shelf.in_force(kind, name, services.clock.now()) == shipped
    return shipped_view(shipped, used, content=True)


def _stands(services: Services, answer: RuleRecord | Refused, status: int = 200) -> Response:
    """Return how a document stands; raise ProblemError 403, 409 or 422 where the answer is a refusal."""
    if not isinstance(answer, Refused):
        state: State = _rules(services).desk.shelf.state_of(answer, services.clock.now())
        return json_answer(view(answer, state, content=True), status)
    errors = [FieldError(each.field, each.rule, each.mend) for each in violations_of(answer)]
    if errors[0].rule == "review.not_stepped_up":
        raise ProblemError(403, errors=[FieldError("password", "access.step_up", errors[0].mend)])
    forbidden = errors[0].rule == "rules.not_yours"
    raise ProblemError(403 if forbidden else 409 if errors[0].rule in CONFLICTS else 422, errors=errors)


def _problems(found: list[Problem]) -> Response:
    items = [ProblemView(field=one.field, rule=one.rule, mend=one.mend, line=one.line).model_dump() for one in found]
    return json_answer({"items": items})


def _job(job: Job, status: int = 200) -> Response:
    return json_answer(job, status)
