"""The lot, which is what goods release is about, and the states that it passes through."""

import enum

import msgspec

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import DeclarationNumber
from kouan.vocabulary.places import Direction

LAST_LINE = 999
"""Most lines that a lot number may name. Our choice: declarations have at most 50 lines, papers in files some more."""


class Lot(msgspec.Struct, frozen=True):
    """A lot (报检批): one line of one declaration, the unit in which goods are inspected and released.

    ``number`` is ``<declaration>-<line>``; ``mass_kg`` is declared; ``consignee`` is the firm's credit code or name.
    ``regime`` names the release rule in force for it (``iron_ore@3``); empty until a rule has been chosen.
    """

    number: str
    declaration: str
    line: int
    hs_code: str
    goods: str
    direction: Direction
    mass_kg: int
    consignee: str
    regime: str = ""


class LotState(enum.StrEnum):
    """Where a lot stands between its declaration and free sale, return or destruction."""

    DECLARED = "declared"
    ARRIVED = "arrived"
    ON_SITE = "on_site"
    ON_SITE_FAILED = "on_site_failed"
    HELD = "held"
    SAMPLED = "sampled"
    REPORT_VERIFIED = "report_verified"
    CONDITIONALLY_RELEASED = "conditionally_released"
    PASSED = "passed"
    CERTIFIED = "certified"
    FREE = "free"
    FAILED = "failed"
    RECALLED = "recalled"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    TREATED = "treated"
    RETURNED = "returned"
    DESTROYED = "destroyed"


FINAL = frozenset({LotState.FREE, LotState.RETURNED, LotState.DESTROYED})
"""States in which nothing more is awaited; a revoked certificate alone takes free goods back. Treated goods are
inspected again, so ``TREATED`` is not among them."""


def lot_number(declaration: str, line: int) -> str:
    """Return ``<declaration>-<line>``; raise InvalidValue where either is none (lines count from 1)."""
    number = DeclarationNumber.parse(declaration)
    if not 1 <= line <= LAST_LINE:
        raise InvalidValue("line", "lot.line", f"must be from 1 to {LAST_LINE}")
    return f"{number}-{line}"


def parse_lot_number(text: str) -> tuple[DeclarationNumber, int]:
    """Return declaration and line of a lot number; raise InvalidValue."""
    declaration, dash, line = text.partition("-")
    if not dash or not line.isascii() or not line.isdigit() or len(line) > 3 or line[0] == "0":
        raise InvalidValue("lot", "lot.number", "must be a declaration number, a hyphen and a line from 1")
    return DeclarationNumber.parse(declaration), int(line)
