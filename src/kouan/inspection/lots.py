"""The lots of a declaration: what goods release is about."""

from kouan.inspection.papers import Declaration
from kouan.inspection.release.lot import Lot, lot_number


def lots_of(declaration: Declaration) -> tuple[Lot, ...]:
    """Return one lot (报检批) a line of goods, with its net mass, in the order of the declaration.

    A declaration without lines has one lot a consignment, with its gross mass, which bounds the net. The goods code is
    as declared: six digits until all of a declaration in two steps is there. Without a consignee its name is empty.
    """
    lines = [(line.line, line.hs_code, line.goods, line.net_kg) for line in declaration.lines] or [
        (index, line.hs_code, line.goods, line.gross_kg) for index, line in enumerate(declaration.consignments, 1)
    ]
    return tuple(
        Lot(
            number=lot_number(declaration.number, line),
            declaration=declaration.number,
            line=line,
            hs_code=hs_code,
            goods=goods,
            direction=declaration.direction,
            mass_kg=mass_kg,
            consignee=declaration.consignee or "",
        )
        for line, hs_code, goods, mass_kg in lines
    )
