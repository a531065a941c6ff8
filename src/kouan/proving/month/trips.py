"""One lorry with its lot: what its papers say, what is true, who deceives how, and what became of it.

This is the simulator's own knowledge: the platform never sees it.
"""

import enum
from random import Random

import msgspec

from kouan.simulator.trade.shipments import Shipment, Trick
from kouan.vocabulary.clock import Instant


class Strategy(enum.StrEnum):
    """How a fraudster deceives; the first four are the simulated trade's own tricks."""

    UNDER_WEIGHT = "under_weight"
    MISDECLARED_GOODS = "misdeclared_goods"
    SPLIT_LOT = "split_lot"
    IMITATION = "imitation"
    UNDERVALUED = "undervalued"
    OUT_OF_LIMITS = "out_of_limits"
    SWAPPED_CERTIFICATE = "swapped_certificate"
    REPEATED_PERMIT = "repeated_permit"
    PROBING = "probing"


OF_TRICK = {
    Trick.UNDER_WEIGHT: Strategy.UNDER_WEIGHT,
    Trick.MISDECLARED_CODE: Strategy.MISDECLARED_GOODS,
    Trick.SPLIT: Strategy.SPLIT_LOT,
    Trick.IMITATION: Strategy.IMITATION,
    Trick.HIDDEN_LOAD: Strategy.IMITATION,
}


class Slip(enum.StrEnum):
    """What an honest broker gets wrong."""

    WRONG_MASS = "wrong_mass"
    LATE_PAPERS = "late_papers"
    LATE_FULL_DECLARATION = "late_full_declaration"
    NO_FULL_DECLARATION = "no_full_declaration"
    WRONG_CODE = "wrong_code"
    EXPIRED_PERMIT = "expired_permit"


class Trip(msgspec.Struct, eq=False):
    """One lorry with one lot. ``code``, ``declared_kg`` and ``value_fen`` (1/100 yuan) are what its papers say first.

    The shipment is what is true.

    ``chance`` is its own, so that what happens to others changes nothing for it. ``within_limits`` says whether the
    goods would pass a laboratory. The last fields are what became of it: instants in microseconds, ``found_by`` who
    found the offence, ``end`` how the lorry left.
    """

    number: str
    shipment: Shipment
    chance: Random
    plate: str
    trailer: str
    driver: str
    document: str
    declaration: str
    importer: str
    code: str
    goods: str
    declared_kg: int
    value_fen: int
    tare_kg: int
    seal: str
    arrives_at: Instant
    strategy: Strategy | None = None
    slips: frozenset[Slip] = frozenset()
    two_step: bool = False
    asks_quality: bool = False
    within_limits: bool = True
    licence: str | None = None
    versions: dict[str, int] = {}
    arrived_at: Instant | None = None
    left_at: Instant | None = None
    end: str = ""
    diverted: bool = False
    examined: bool = False
    found_by: str | None = None
    regime: str = ""
    released_at: Instant | None = None
    on_condition: bool = False
    certified_at: Instant | None = None
    sold_at: Instant | None = None

    @property
    def lot(self) -> str:
        """The number of its lot: its declaration has one line."""
        return f"{self.declaration}-1"

    @property
    def true_kg(self) -> int:
        """What it truly carries, in kilograms."""
        return self.shipment.true_kg

    @property
    def false_goods(self) -> bool:
        """Whether a look at the goods shows that they are not what is declared."""
        return self.strategy in (Strategy.MISDECLARED_GOODS, Strategy.PROBING)

    def found(self, by: str) -> None:
        """Note who found its offence, the first that did."""
        if self.strategy is not None and self.found_by is None:
            self.found_by = by
