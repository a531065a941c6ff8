"""An officer's shift, and who read protected fields."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import StringConstraints
from starlette.responses import Response

from kouan.access.need import MatterKind, Purpose
from kouan.access.people import Agency
from kouan.access.policy import Action, Field
from kouan.access.shifts import Shift, close_shift, on_shift, open_shift
from kouan.ledger.roles import UnitRefused
from kouan.web.answers import json_answer, no_content
from kouan.web.callers import Caller, Common, GuardedRoute, asks
from kouan.web.fields import LINE, Instant, Page, Shape, Username
from kouan.web.problems import FieldError, ProblemError

router = APIRouter(route_class=GuardedRoute, tags=["need to know"])


class ShiftView(Shape):
    """The caller's latest shift; ``open`` says whether it counts now."""

    open: bool
    agency: Agency | None
    opened_at: Instant | None
    until: Instant | None
    closed_at: Instant | None


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
    """Reads, newest first."""

    items: list[ReadView]


About = Annotated[
    str,
    StringConstraints(max_length=320, pattern=rf"^({'|'.join(MatterKind)}):{LINE[1:-1]}$"),
    Query(description="The matter, as ``passage:P1``."),
]


@router.get("/shift", response_model=ShiftView)
@asks(Action.KEEP_SHIFT, Field.SHIFT)
async def get_shift(caller: Caller, services: Common) -> Response:
    """Return the caller's latest shift."""
    shift = await services.accounts.find_shift(caller.username)
    return json_answer(_view(shift, is_open=on_shift(shift, caller, services.clock.now())))


@router.post("/shift", response_model=ShiftView, status_code=201)
@asks(Action.KEEP_SHIFT, Field.SHIFT)
async def begin_shift(caller: Caller, services: Common) -> Response:
    """Open a shift (当班): from now on the caller is on duty for its agency."""
    if caller.machine:
        raise ProblemError(409, errors=[FieldError("", "access.machine_shift", "only who signs in is on shift")])
    shift, unit = open_shift(caller, services.clock.now())
    if isinstance(await services.ledger.append(unit), UnitRefused):
        raise ProblemError(409, errors=[FieldError("", "access.shift_open", "close the shift that is open first")])
    return json_answer(_view(shift, is_open=True), 201)


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
    about: About,
    before: Annotated[Instant | None, Query()] = None,
    limit: Annotated[Page, Query()] = 100,
) -> Response:
    """Return who read protected fields of a matter: which ones, when and for what, never what they said."""
    found = await services.accounts.reads_about(about, before, limit)
    items = [{**msgspec.structs.asdict(each), "fields": each.fields.split()} for each in found]
    return json_answer({"items": items})


def _view(shift: Shift | None, *, is_open: bool) -> dict[str, object]:
    names = ("agency", "opened_at", "until", "closed_at")
    return {"open": is_open, **{name: None if shift is None else getattr(shift, name) for name in names}}
