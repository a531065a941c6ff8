"""Release: lots and what keeps them, what is found of them, samples, custody, and what customs decides."""

import dataclasses
import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from kouan.access.people import Agency, Principal
from kouan.access.policy import fields_of
from kouan.access.words import Action, Field, State
from kouan.inspection.release import facts
from kouan.inspection.release.facts import Fact
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.records import LotRecord
from kouan.inspection.release.rule import Check
from kouan.inspection.release.samples import Taking
from kouan.inspection.release.use_cases import Told
from kouan.journeys.release import ReleaseDesk
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused
from kouan.web.answered import once
from kouan.web.answers import json_answer
from kouan.web.callers import Caller, GuardedRoute, Needed, asks
from kouan.web.fields import IdempotencyKey, Page, Shape
from kouan.web.matters import lot_matter
from kouan.web.own import require_lot
from kouan.web.problems import FieldError, ProblemError, refused
from kouan.web.reading import Reads
from kouan.web.release_shapes import (
    CheckRequest,
    CustodyRequest,
    DecisionRequest,
    DisposalRequest,
    FindingRequest,
    LiftRequest,
    Lots,
    LotSheet,
    MovementRequest,
    SampleRequest,
    WishRequest,
    sheet,
    summary,
)
from kouan.web.services import ReleaseServices, Services

router = APIRouter(route_class=GuardedRoute, tags=["release"], prefix="/release/lots")

LotPath = Annotated[
    str, Path(pattern=r"^[0-9]{18}-[1-9][0-9]{0,2}$", description="The lot's number: its declaration and line.")
]

YARD_CHECKS = frozenset({Check.UNLOADED, Check.WEIGHT})
"""Checks that the yard may report. Our choice: it unloads and weighs; what goods are is for customs to see."""


class Recorded(Shape):
    """What was told is recorded; the lot stands in ``state`` now."""

    state: LotState


Act = Callable[[ReleaseDesk, str], Awaitable[Told | Refused]]
"""Tells the desk something under an identity that makes it count once."""


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request about one lot: who asks, of whom, and under which key it is done once."""

    request: Request
    lot: str
    caller: Principal
    services: Services
    key: str | None


async def _asked(
    request: Request, number: LotPath, caller: Caller, services: Needed, idempotency_key: IdempotencyKey = None
) -> Asked:
    return Asked(request, number, caller, services, idempotency_key)


Telling = Annotated[Asked, Depends(_asked)]


@router.get("", response_model=Lots)
@asks(Action.WATCH, Field.LOT)
async def list_lots(
    services: Needed,
    reads: Reads,
    state: Annotated[LotState | None, Query(description="Only lots in this state, the most urgent first.")] = None,
    after: Annotated[str, Query(max_length=24, pattern=r"^[0-9-]*$", description="Where the page begins.")] = "",
    limit: Annotated[Page, Query()] = 100,
) -> Response:
    """Return the lots that wait for something and what they wait for, by number; or those in one state."""
    records = _release(services).records
    if state is not None:
        found, onward = list(await records.lots_in(state.value, limit)), None
    else:
        found = list(await records.lots_waiting(after, limit))
        onward = found[-1].number if len(found) == limit else None
    texts = services.messages.get("en", {})
    read = await reads.of([lot_matter(record, reads.port) for record in found])
    items = [summary(record, texts, fields) for record, fields in zip(found, read, strict=True)]
    return json_answer({"items": items, "next": onward})


@router.get("/{number}", response_model=LotSheet)
@asks(Action.WATCH, Field.LOT)
async def get_lot(number: LotPath, caller: Caller, services: Needed, reads: Reads) -> Response:
    """Return one lot with its rule, samples and chain of custody."""
    records = _release(services).records
    record = await records.find_lot(number)
    if record is None:
        raise NotFound(f"there is no lot {number}")
    samples = [(each, await records.custody_of(each.number)) for each in await records.samples_of(number)]
    texts, now = services.messages.get("en", {}), services.clock.now()
    read = await reads.of_one(lot_matter(record, reads.port))
    read |= fields_of(caller.roles, caller.agency, Action.WATCH, State.NONE)
    return json_answer(sheet(record, samples, await records.custody_of(number), texts, now, read))


@router.post("/{number}/movements", response_model=Recorded)
@asks(Action.INSPECT_LOT, Field.LOT)
async def move_lot(body: MovementRequest, asked: Telling) -> Response:
    """Note that goods have reached the port, their destination, or customs control after a recall."""
    reached: dict[str, Fact] = {
        "port": facts.Arrived(), "destination": facts.ReachedDestination(), "control": facts.Recovered(),
    }  # fmt: skip
    return await _tell(asked, reached[body.reached])


@router.post("/{number}/checks", response_model=Recorded)
@asks(Action.INSPECT_LOT, Field.LOT)
async def report_check(body: CheckRequest, asked: Telling) -> Response:
    """Report a check; the yard reports what it unloads and weighs, customs everything."""
    if asked.caller.agency is Agency.SITE and (body.there or body.check not in YARD_CHECKS):
        mend = f"only customs reports this; the yard reports {', '.join(sorted(YARD_CHECKS))}"
        raise ProblemError(403, errors=[FieldError("check", "access.not_yours", mend)])
    made = facts.CheckedThere if body.there else facts.SiteChecked
    return await _tell(asked, made(body.check, body.passed))


@router.post("/{number}/findings", response_model=Recorded)
@asks(Action.RELEASE_LOT, Field.LOT)
async def report_finding(body: FindingRequest, asked: Telling) -> Response:
    """Report what excludes a lot from leaving before its result, or from the market."""
    return await _tell(asked, facts.Found(body.finding))


@router.post("/{number}/wishes", response_model=Recorded)
@asks(Action.RELEASE_LOT, Field.LOT)
async def order_test(body: WishRequest, asked: Telling) -> Response:
    """Order a test or an appraisal ex officio where the rule leaves it to a request."""
    return await _tell(asked, facts.Asked(body.wish, ex_officio=True))


@router.post("/{number}/requests", response_model=Recorded)
@asks(Action.REQUEST_TEST, Field.LOT)
async def request_test(body: WishRequest, asked: Telling) -> Response:
    """Ask, as the consignee, for a test or an appraisal with its certificate."""
    await require_lot(asked.services, asked.caller, Action.REQUEST_TEST, Field.LOT, asked.lot)
    return await _tell(asked, facts.Asked(body.wish))


@router.post("/{number}/samples", response_model=Recorded)
@asks(Action.RELEASE_LOT, Field.LOT)
async def take_sample(body: SampleRequest, asked: Telling) -> Response:
    """Note a sample with its duplicate, seals and witness, and send it to the laboratory."""
    taking = Taking(**body.model_dump())
    by = asked.caller.username
    return await _do(asked, lambda desk, _: desk.take_sample(asked.lot, taking, by))


@router.post("/{number}/retest", response_model=Recorded)
@asks(Action.RELEASE_LOT, Field.LOT)
async def order_retest(asked: Telling) -> Response:
    """Have the duplicate sample tested because a result is contested."""
    return await _do(asked, lambda desk, _: desk.order_retest(asked.lot, asked.caller.username))


@router.post("/{number}/decisions", response_model=Recorded)
@asks(Action.RELEASE_LOT, Field.LOT)
async def decide_lot(body: DecisionRequest, asked: Telling) -> Response:
    """Grant or deny release, recall goods that have left, or give an overdue lot its time once more."""
    decided: dict[str, Fact] = {
        "grant": facts.ReleaseGranted(), "deny": facts.ReleaseDenied(body.reason),
        "recall": facts.RecallOrdered(body.reason), "extend": facts.Extended(body.reason),
    }  # fmt: skip
    return await _tell(asked, decided[body.decision])


@router.post("/{number}/disposal", response_model=Recorded)
@asks(Action.RELEASE_LOT, Field.LOT)
async def dispose_of_lot(body: DisposalRequest, asked: Telling) -> Response:
    """Have goods that failed treated, returned or destroyed."""
    return await _tell(asked, facts.Disposed(body.way, body.reason))


@router.post("/{number}/lifting", response_model=Recorded)
@asks(Action.RELEASE_LOT, Field.LOT)
async def lift_lot_hold(body: LiftRequest, asked: Telling) -> Response:
    """Ask that a hold be lifted, or confirm as a second officer what another asked."""
    return await _do(asked, lambda desk, _: desk.lift(asked.lot, body.reason, asked.caller.username))


@router.post("/{number}/custody", response_model=Recorded)
@asks(Action.INSPECT_LOT, Field.LOT)
async def hand_over_lot(body: CustodyRequest, asked: Telling) -> Response:
    """Note who has the lot or one of its samples from now on, where, and under which seal."""

    async def act() -> Response:
        by = asked.caller.username
        release = _release(asked.services)
        done = await release.desk.hand_over(asked.lot, body.item, body.location, body.holder, body.seal, by)
        if isinstance(done, Refused):
            raise refused(done, asked.services.messages.get("en", {}))
        record: LotRecord | None = await release.records.find_lot(asked.lot)
        return json_answer({"state": None if record is None else record.state})

    return await once(asked.request, asked.services, asked.caller, asked.key, act)


async def _tell(asked: Asked, fact: Fact) -> Response:
    by = asked.caller.username
    return await _do(asked, lambda desk, identity: desk.tell(asked.lot, fact, by, identity))


async def _do(asked: Asked, act: Act) -> Response:
    """Do something once, under the request's own key if it has one; raise ProblemError where it is refused."""
    services = asked.services
    secret = services.secret() if asked.key is None else f"{asked.caller.username}\n{asked.key}"
    identity = f"api:{hashlib.sha256(secret.encode()).hexdigest()[:20]}"

    async def done() -> Response:
        told = await act(_release(services).desk, identity)
        if isinstance(told, Refused):
            raise refused(told, services.messages.get("en", {}))
        return json_answer({"state": told.record.state})

    return await once(asked.request, services, asked.caller, asked.key, done)


def _release(services: Services) -> ReleaseServices:
    if services.release is None:
        raise NotFound("this port releases no goods")
    return services.release
