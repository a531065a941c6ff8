"""Declarations with what blocks their release: found by number, plate or consignee, what is overdue first."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from kouan.access.words import Action, Field
from kouan.inspection.balances import BalanceKind, left_kg, over_kg
from kouan.inspection.desk import document_of
from kouan.inspection.records import BalanceRecord, DeclarationRecord
from kouan.inspection.release.pressing import FIRST, Place, place_of
from kouan.inspection.release.records import LotRecord
from kouan.inspection.two_step import days_left
from kouan.vocabulary.clock import Instant as At
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.places import Direction
from kouan.web.answers import json_answer
from kouan.web.callers import GuardedRoute, Needed, asks
from kouan.web.fields import LINE, Instant, Shape
from kouan.web.matters import lot_matter
from kouan.web.reading import Reading, Reads
from kouan.web.release_shapes import LotView, summary
from kouan.web.services import Services

router = APIRouter(route_class=GuardedRoute, tags=["release"], prefix="/release/declarations")

LATEST = 100
"""How many of a vehicle's confirmations are looked at, the latest first. Our choice: more than it brings in a month."""


PAGES = "Where the page begins: what ``next`` said of the one before. A list is of one instant to its last page."


class _Found(msgspec.Struct, frozen=True):
    """A declaration that was found, with its lots by line; its paper is None where only lots stand."""

    number: str
    paper: DeclarationRecord | None
    lots: tuple[LotRecord, ...]

    @property
    def full_due(self) -> At | None:
        """When all of it is due, None where all is there."""
        paper = self.paper
        return None if paper is None or paper.step == "full" or paper.status == "cancelled" else paper.full_due

    @property
    def deadline(self) -> At | None:
        """Return the nearest of its deadlines."""
        dates = (self.full_due, *(lot.deadline for lot in self.lots))
        return min((at for at in dates if at is not None), default=None)

    def overdue(self, now: At) -> bool:
        """Say whether a deadline passed, or a lot is known to be overdue."""
        return place_of(self.number, self.full_due, self.lots, now).late == 0


Sought = Annotated[str, Query(max_length=64, pattern=LINE)]
After = Annotated[
    str,
    Query(max_length=96, pattern=r"^([0-9]{1,18}-[01]-[0-9]-[0-9]{1,18}-[0-9A-Za-z]{1,40})?$", description=PAGES),
]


class BalanceLine(Shape):
    """What may be written off against one item of a declaration, in kilograms net; ``over_kg`` came over it."""

    item: str
    granted_kg: int
    taken_kg: int
    left_kg: int
    over_kg: int
    overrun_permille: int
    state: str


class DeclarationStanding(Shape):
    """A declaration with its lots and balances; ``days_left`` where its full form is still due, below one if overdue.

    ``consignee`` is null where it is withheld.
    """

    number: str
    status: str | None
    step: str | None
    consignee: str | None
    direction: Direction
    full_due: Instant | None
    days_left: int | None
    overdue: bool
    deadline: Instant | None
    lots: list[LotView]
    balances: list[BalanceLine]


class DeclarationsStanding(Shape):
    """Declarations, what is overdue first, then by their nearest deadline; ``next`` is where the next page begins.

    It is None on the last one.
    """

    at: Instant
    items: list[DeclarationStanding]
    next: str | None


@router.get("", response_model=DeclarationsStanding)
@asks(Action.WATCH, Field.LOT)
async def find_declarations(
    services: Needed,
    reads: Reads,
    declaration: Sought | None = None,
    plate: Sought | None = None,
    consignee: Sought | None = None,
    after: After = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """Return declarations by number, plate or consignee; without either those whose release waits, overdue ones first.

    By their consignee they are found only by who may read it, for the purpose that the request gives.
    """
    now = services.clock.now()
    if services.release is None:
        raise NotFound("this port releases no goods")
    records = services.release.records
    at, place = _begins(after, now)
    declaration, plate, firm = ((text or "").strip() for text in (declaration, plate, consignee))
    if declaration or plate or firm:
        numbers = await _numbers(services, declaration, plate)
        places = await records.declarations_found(at, place, limit + 1, numbers, firm or None)
    else:
        places = await records.declarations_pressing(at, place, limit + 1)
    numbers = [each.number for each in places[:limit]]
    papers = {paper.number: paper for paper in await services.papers.declarations(numbers)} if numbers else {}
    found = [_Found(number, papers.get(number), tuple(await records.lots_of_declaration(number))) for number in numbers]
    views = await _views(services, reads, [lot for one in found for lot in one.lots])
    shown = [one for one in found if not firm or _read(one, views, firm)]
    balances = await services.papers.balances([one.number for one in shown]) if shown else ()
    onward = _next(at, places[limit - 1]) if shown and len(places) > limit else None
    items = [_standing(one, views, balances, now) for one in shown]
    return json_answer({"at": now, "items": items, "next": onward})


def _begins(after: str, now: At) -> tuple[At, Place]:
    """Return the instant at which a list is ordered, and the place after which a page of it begins."""
    if not after:
        return now, FIRST
    at, late, rank, deadline, number = after.split("-")
    return int(at), Place(int(late), int(rank), int(deadline), number)


def _next(at: At, last: Place) -> str:
    return f"{at}-{last.late}-{last.rank}-{last.deadline}-{last.number}"


def _read(found: _Found, views: Mapping[str, dict[str, Any]], consignee: str) -> bool:
    """Say whether the reader may know that a declaration is of a consignee."""
    return any(views[lot.number]["consignee"] == consignee for lot in found.lots)


async def _views(services: Services, reads: Reading, lots: Sequence[LotRecord]) -> dict[str, dict[str, Any]]:
    """Return lots as they are shown, by number; what is read of them is recorded in one go."""
    read = await reads.of([lot_matter(lot, reads.port) for lot in lots])
    english = services.messages.get("en", {})
    return {lot.number: summary(lot, english, fields) for lot, fields in zip(lots, read, strict=True)}


async def _numbers(services: Services, declaration: str, plate: str) -> list[str] | None:
    """Return the numbers of the declarations that number and plate find, None where neither is given."""
    if not plate:
        return [declaration] if declaration else None
    carried = await _carried(services, "".join(plate.split()).upper())
    return [number for number in carried if declaration in ("", number)]


async def _carried(services: Services, plate: str) -> list[str]:
    """Return the declarations of what a vehicle carries or carried lately."""
    numbers: list[str] = []
    for paper in await services.papers.confirmations_of_vehicle(plate, LATEST):
        lines = document_of(paper).consignments
        way = Direction(paper.direction)
        held = await services.papers.consignments([line.number for line in lines], way) if lines else ()
        declared = {one.number: one.declaration for one in held}
        numbers += [number for line in lines if (number := declared.get(line.number) or line.declaration)]
    return numbers


def _standing(
    found: _Found, views: Mapping[str, dict[str, Any]], balances: Sequence[BalanceRecord], now: At
) -> dict[str, Any]:
    paper, number = found.paper, found.number
    lots = [views[lot.number] for lot in found.lots]
    return {
        "number": number,
        "status": None if paper is None else paper.status,
        "step": None if paper is None else paper.step,
        "consignee": next((view["consignee"] for view in lots if view["consignee"]), None),
        "direction": found.lots[0].direction if paper is None else paper.direction,
        "full_due": found.full_due,
        "days_left": None if paper is None or found.full_due is None else days_left(paper, now),
        "overdue": found.overdue(now),
        "deadline": found.deadline,
        "lots": lots,
        "balances": [_line(one) for one in balances if (one.kind, one.number) == (BalanceKind.DECLARATION, number)],
    }


def _line(record: BalanceRecord) -> dict[str, Any]:
    shown = {name: getattr(record, name) for name in ("item", "granted_kg", "taken_kg", "state", "overrun_permille")}
    return {**shown, "left_kg": left_kg(record), "over_kg": over_kg(record)}
