"""Declarations with what blocks their release: found by number, plate or consignee, what is overdue first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from kouan.access.words import Action, Field
from kouan.inspection.balances import BalanceKind, left_kg, over_kg
from kouan.inspection.desk import document_of
from kouan.inspection.records import BalanceRecord, DeclarationRecord
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.records import LotRecord
from kouan.inspection.two_step import days_left
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.clock import Instant as At
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.places import Direction
from kouan.web.answers import json_answer
from kouan.web.callers import GuardedRoute, Needed, asks
from kouan.web.fields import LINE, Instant, Shape
from kouan.web.matters import lot_matter
from kouan.web.reading import Reading, Reads
from kouan.web.release_shapes import LotView, summary
from kouan.web.services import ReleaseServices, Services

router = APIRouter(route_class=GuardedRoute, tags=["release"], prefix="/release/declarations")

EVER_US = 100 * 366 * 86_400 * SECOND
"""Beyond every deadline. Our choice."""

LOTS_A_PAGE = 4
"""How many lots are looked at for each declaration shown. Our choice: most declarations of minerals have one or two."""

PRESSING = (LotState.ESCALATED, LotState.OVERDUE, LotState.RECALLED, LotState.FAILED, LotState.HELD)
"""States that wait for a person, the most urgent first; all others by their deadlines."""


class _Found(msgspec.Struct, frozen=True):
    """A declaration that was found, with its lots by line; its paper is None where only lots stand."""

    number: str
    paper: DeclarationRecord | None
    lots: tuple[LotRecord, ...]

    @property
    def full_due(self) -> At | None:
        """When all of it is due, None where all is there."""
        return None if self.paper is None or self.paper.step == "full" else self.paper.full_due

    @property
    def deadline(self) -> At | None:
        """Return the nearest of its deadlines."""
        dates = (self.full_due, *(lot.deadline for lot in self.lots))
        return min((at for at in dates if at is not None), default=None)

    def overdue(self, now: At) -> bool:
        """Say whether a deadline passed, or a lot is known to be overdue."""
        passed = self.deadline is not None and self.deadline <= now
        return passed or any(lot.state in PRESSING[:2] for lot in self.lots)

    def urgency(self, now: At) -> tuple[bool, int, At, str]:
        """Return what it is ordered by: what is overdue first, then by how pressing its lots are, then by deadline."""
        ranks = [PRESSING.index(LotState(lot.state)) for lot in self.lots if lot.state in PRESSING]
        return not self.overdue(now), min(ranks, default=len(PRESSING)), self.deadline or EVER_US, self.number


Sought = Annotated[str, Query(max_length=64, pattern=LINE)]


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
    """Declarations, what is overdue first, then by their nearest deadline."""

    at: Instant
    items: list[DeclarationStanding]


@router.get("", response_model=DeclarationsStanding)
@asks(Action.WATCH, Field.LOT)
async def find_declarations(
    services: Needed,
    reads: Reads,
    declaration: Sought | None = None,
    plate: Sought | None = None,
    consignee: Sought | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """Return declarations by number, plate or consignee; without either those whose release waits, overdue ones first.

    By their consignee they are found only by who may read it, for the purpose that the request gives.
    """
    now = services.clock.now()
    release = services.release
    if release is None:
        raise NotFound("this port releases no goods")
    sought = [(text or "").strip() for text in (declaration, plate, consignee)]
    numbers = await _numbers(services, release, reads, sought, limit) if any(sought) else None
    lots = await _waiting(release, limit) if numbers is None else await _lots(release, numbers)
    if numbers is None:
        due = await services.papers.declarations_due(now, limit)
        numbers = list(dict.fromkeys([*(paper.number for paper in due), *(lot.declaration for lot in lots)]))
        lots = [*lots, *await _lots(release, [paper.number for paper in due])]
    papers = {paper.number: paper for paper in await services.papers.declarations(numbers)}
    found = [_Found(number, papers.get(number), _own(lots, number)) for number in numbers]
    there = [one for one in found if one.paper is not None or one.lots]
    shown = sorted(there, key=lambda one: one.urgency(now))[:limit]
    balances = await services.papers.balances([one.number for one in shown]) if shown else ()
    views = await _views(services, reads, [lot for one in shown for lot in one.lots])
    return json_answer({"at": now, "items": [_standing(one, views, balances, now) for one in shown]})


async def _views(services: Services, reads: Reading, lots: Sequence[LotRecord]) -> dict[str, dict[str, Any]]:
    """Return lots as they are shown, by number; what is read of them is recorded in one go."""
    read = await reads.of([lot_matter(lot, reads.port) for lot in lots])
    english = services.messages.get("en", {})
    return {lot.number: summary(lot, english, fields) for lot, fields in zip(lots, read, strict=True)}


def _own(lots: Iterable[LotRecord], number: str) -> tuple[LotRecord, ...]:
    own = {lot.number: lot for lot in lots if lot.declaration == number}
    return tuple(sorted(own.values(), key=lambda lot: lot.line))


async def _numbers(
    services: Services, release: ReleaseServices, reads: Reading, sought: Sequence[str], limit: int
) -> list[str]:
    """Return the numbers of the declarations that every given word finds."""
    declaration, plate, consignee = sought
    found: list[list[str]] = [[declaration]] if declaration else []
    if plate:
        found.append(await _carried(services, "".join(plate.split()).upper(), limit))
    if consignee:
        lots = await release.records.lots_of_consignee(consignee, limit * LOTS_A_PAGE)
        read = await reads.of([lot_matter(lot, reads.port) for lot in lots])
        found.append([lot.declaration for lot, fields in zip(lots, read, strict=True) if Field.FIRM in fields])
    first, *others = found
    return [number for number in dict.fromkeys(first) if all(number in other for other in others)][:limit]


async def _carried(services: Services, plate: str, limit: int) -> list[str]:
    """Return the declarations of what a vehicle carries or carried, the latest first."""
    numbers: list[str] = []
    for paper in await services.papers.confirmations_of_vehicle(plate, limit):
        lines = document_of(paper).consignments
        way = Direction(paper.direction)
        held = await services.papers.consignments([line.number for line in lines], way) if lines else ()
        declared = {one.number: one.declaration for one in held}
        numbers += [number for line in lines if (number := declared.get(line.number) or line.declaration)]
    return numbers


async def _waiting(release: ReleaseServices, limit: int) -> list[LotRecord]:
    """Return lots that wait for something: those that press, then those whose deadline is nearest."""
    found = [lot for state in PRESSING for lot in await release.records.lots_in(state, limit)]
    found += await release.records.lots_due(EVER_US, limit * LOTS_A_PAGE)
    return list({lot.number: lot for lot in found}.values())


async def _lots(release: ReleaseServices, numbers: Iterable[str]) -> list[LotRecord]:
    return [lot for number in numbers for lot in await release.records.lots_of_declaration(number)]


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
