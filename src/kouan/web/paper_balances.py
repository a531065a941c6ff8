"""Balances of papers as they are shown: what was granted, what was taken, what is left, what came over it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.inspection.balances import left_kg, over_kg
from kouan.inspection.records import BalanceRecord
from kouan.web.fields import Instant, Shape
from kouan.web.services import Services


class WrittenOffView(Shape):
    """What a ticket wrote off, in kilograms net."""

    ticket: str
    item: str
    mass_kg: int
    at: Instant
    by: str
    voided_at: Instant | None


class BalanceView(Shape):
    """How much may be written off against one item of a paper, in kilograms net.

    ``over_kg`` is what came over ``granted_kg``, within ``overrun_permille`` thousandths of it.
    """

    kind: str
    number: str
    item: str
    granted_kg: int
    taken_kg: int
    left_kg: int
    over_kg: int
    overrun_permille: int
    valid_from: Instant | None
    valid_until: Instant | None
    state: str
    write_offs: list[WrittenOffView]


class Balances(Shape):
    """The balances of a paper."""

    items: list[BalanceView]


async def shown_balance(services: Services, record: BalanceRecord) -> Mapping[str, Any]:
    """Return a balance as it is shown, with what each ticket wrote off."""
    written = await services.papers.write_offs(record.kind, record.number)
    return {
        **msgspec.structs.asdict(record),
        "left_kg": left_kg(record),
        "over_kg": over_kg(record),
        "write_offs": [
            {name: getattr(one, name) for name in WrittenOffView.model_fields}
            for one in written
            if one.item == record.item
        ],
    }
