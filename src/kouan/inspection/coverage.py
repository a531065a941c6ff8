"""Which declaration covers a consignment: one that names it. Whoever writes another's number draws on nothing (I16)."""

from collections.abc import Mapping, Sequence

from kouan.inspection.fields import Violation, refused
from kouan.inspection.papers import ConsignmentLine
from kouan.inspection.records import DeclarationRecord
from kouan.inspection.use_cases import declaration_of
from kouan.vocabulary.verdict import Refused


def covers(declaration: DeclarationRecord, consignment: str) -> bool:
    """Say whether a declaration names a consignment: its declarant says so, and may do so for their own firms only."""
    return any(line.number == consignment for line in declaration_of(declaration).consignments)


def drawn_on_others(lines: Sequence[ConsignmentLine], standing: Mapping[str, DeclarationRecord]) -> Refused | None:
    """Refuse lines that draw on a declaration which stands and does not name their consignment, each by its field.

    A declaration that is not there yet is not asked: the gate asks again, of what stands then.
    """
    wrong = [
        Violation(
            f"consignments.{index}.declaration",
            "declaration.consignment",
            f"must be a declaration that names consignment {line.number}",
        )
        for index, line in enumerate(lines)
        if (named := standing.get(line.declaration or "")) is not None and not covers(named, line.number)
    ]
    return refused(wrong) if wrong else None
