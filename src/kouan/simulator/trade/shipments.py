"""One shipment as it is declared, and what is true of it."""

import enum

import msgspec


class Trick(enum.StrEnum):
    """How a fraudster deceives customs."""

    UNDER_WEIGHT = "under_weight"
    MISDECLARED_CODE = "misdeclared_code"
    SPLIT = "split"
    IMITATION = "imitation"
    HIDDEN_LOAD = "hidden_load"


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """One line of goods on one lorry, as its papers declare it; what is true stands in the last three fields.

    ``at`` is in microseconds, ``gross_kg`` in whole kilograms, ``value_fen`` in 1/100 yuan. ``trick`` is None where the
    papers are honest: an honest mistake is no offence.
    """

    number: str
    at: int
    importer: str
    exporter: str
    agent: str
    carrier: str
    plate: str
    hs_code: str
    goods: str
    origin: str
    route: str
    gross_kg: int
    value_fen: int
    lines: int
    true_kg: int
    true_hs_code: str
    trick: Trick | None = None
