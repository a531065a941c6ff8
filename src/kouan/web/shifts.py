"""An officer's shift, and who read protected fields."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import StringConstraints
from starlette.responses import Response

from kouan.access.need import MatterKind, Purpose
from kouan.access.people import Agency, Principal
from kouan.access.reads import ReadsAsked
from kouan.access.roster import EARLY_US, DutiesAsked, Duty
from kouan.access.shifts import Shift, close_shift, on_shift, open_shift
from kouan.access.words import Action, Field
from kouan.ledger.roles import UnitRefused
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import Refused
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, Common, GuardedRoute, asks
from kouan.web.fields import LINE, Instant, Page, Shape, Username
from kouan.web.matters import reads_matter
from kouan.web.problems import FieldError, ProblemError, refused
from kouan.web.reading import Reads
from kouan.web.services import CommonServices

router = APIRouter(route_class=GuardedRoute, tags=["need to know"])


AHEAD_US = 7 * 24 * 3600 * SECOND
"""How far ahead one's next duty is shown. Our choice: a week."""


class DutyView(Shape):
    """One duty of the roster; ``reason`` says why it was not planned before it began."""

    number: str
    username: Username
    agency: Agency
    post: str
    starts_at: Instant
    until: Instant
    planned_by: str
    planned_at: Instant
    reason: str | None


def duty_view(duty: Duty) -> dict[str, object]:
    """Return a duty as it is shown."""
    return {name: getattr(duty, name) for name in DutyView.model_fields}


class ShiftView(Shape):
    """The caller's latest shift, and their ``duty`` now or next; ``open`` says whether the shift counts now."""

    open: bool
    agency: Agency | None
    opened_at: Instant | None
    until: Instant | None
    closed_at: Instant | None
    duty: DutyView | None


class ReadView(Shape):
    """Who read which protected fields for what, when; ``key`` is that of the entry in the ledger."""

    about: str
    key: str
    at: Instant
    username: Username
    agency: Agency
    purpose: Purpose
    fields: list[Field]


class ReadList(Shape):
    """Reads, newest first; without a purpose that fits they are ``withheld``."""

    items: list[ReadView]
    withheld: bool


About = Annotated[
    str | None,
    StringConstraints(max_length=320, pattern=rf"^({'|'.join(MatterKind)}):{LINE[1:-1]}$"),
    Query(description="The matter, as ``passage:P1``."),
]


@router.get("/shift", response_model=ShiftView)
@asks(Action.KEEP_SHIFT, Field.SHIFT)
async def get_shift(caller: Caller, services: Common) -> Response:
    """Return the caller's latest shift, and their duty now or next."""
    now = services.clock.now()
    shift = await services.accounts.find_shift(caller.username)
    duty = await duty_of(services, caller, now, ahead_us=AHEAD_US)
    return json_answer(_view(shift, duty, is_open=on_shift(shift, caller, now)))


@router.post("/shift", response_model=ShiftView, status_code=201)
@asks(Action.KEEP_SHIFT, Field.SHIFT)
async def begin_shift(caller: Caller, services: Common) -> Response:
    """Open a shift (当班) on the caller's duty of the roster, which may begin within half an hour."""
    if caller.machine:
        raise ProblemError(409, errors=[FieldError("", "access.machine_shift", "only who signs in is on shift")])
    now = services.clock.now()
    opened = open_shift(caller, await duty_of(services, caller, now), now)
    if isinstance(opened, Refused):
        raise refused(opened, {})
    shift, unit = opened
    if isinstance(await services.ledger.append(unit), UnitRefused):
        raise ProblemError(409, errors=[FieldError("", "access.shift_open", "close the shift that is open first")])
    return json_answer(_view(shift, await services.accounts.find_duty(shift.duty or ""), is_open=True), 201)


@router.delete("/shift", status_code=204)
@asks(Action.KEEP_SHIFT, Field.SHIFT)
async def end_shift(caller: Caller, services: Common) -> Response:
    """Close the caller's shift."""
    if isinstance(await services.ledger.append(close_shift(caller, services.clock.now())), UnitRefused):
        raise ProblemError(409, errors=[FieldError("", "access.no_shift", "no shift is open")])
    return no_content()


@router.get("/reads", response_model=ReadList)
@asks(Action.REVIEW_READS, Field.READ)
async def list_reads(
    services: Common,
    reads: Reads,
    about: About = None,
    username: Annotated[Username | None, Query(description="Who read.")] = None,
    purpose: Annotated[Purpose | None, Query(description="What was read for.")] = None,
    since: Annotated[Instant | None, Query()] = None,
    before: Annotated[Instant | None, Query()] = None,
    limit: Annotated[Page, Query()] = 100,
) -> Response:
    """Return who read protected fields of which matters: which ones, when and for what, never what they said.

    This is itself read for a purpose, and recorded by each person whose reads are shown.
    """
    found = await services.accounts.find_reads(ReadsAsked(about, username, purpose, since, before), limit)
    readers = list(dict.fromkeys(each.username for each in found))
    shown = dict(zip(readers, await reads.of([reads_matter(each, reads.port) for each in readers]), strict=True))
    items = [
        {**msgspec.structs.asdict(each), "fields": each.fields.split()}
        for each in found
        if Field.READ in shown[each.username]
    ]
    return json_answer({"items": items, "withheld": len(items) < len(found)})


async def duty_of(services: CommonServices, caller: Principal, now: int, ahead_us: int = EARLY_US) -> Duty | None:
    """Return the duty on which somebody is now, or the next one that begins soon; None where there is none."""
    asked = DutiesAsked(now, now + ahead_us + 1, caller.username, caller.agency)
    return next(iter(await services.accounts.find_duties(asked, 1)), None)


def _view(shift: Shift | None, duty: Duty | None, *, is_open: bool) -> dict[str, object]:
    names = ("agency", "opened_at", "until", "closed_at")
    own = {name: None if shift is None else getattr(shift, name) for name in names}
    return {"open": is_open, **own, "duty": None if duty is None else duty_view(duty)}
