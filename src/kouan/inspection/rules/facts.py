"""What tables may ask of a case, each fact with its type, and the check that a case says it in that type."""

import enum
from collections.abc import Mapping

from kouan.inspection.targeting.features import AT_HAND_IN
from kouan.vocabulary.errors import InvalidValue

Fact = str | int | bool | None
Facts = Mapping[str, Fact]


class FactType(enum.StrEnum):
    """Words are compared as they are or by their beginning, whole numbers by size, flags are yes or no."""

    WORD = "word"
    WHOLE = "whole"
    FLAG = "flag"


def _typed(words: str, wholes: str, flags: str = "") -> dict[str, FactType]:
    return {
        **dict.fromkeys(words.split(), FactType.WORD),
        **dict.fromkeys(wholes.split(), FactType.WHOLE),
        **dict.fromkeys(flags.split(), FactType.FLAG),
    }


STAGES: Mapping[str, Mapping[str, FactType]] = {
    "at-hand-in": {
        **_typed(
            "direction plate carrier importer exporter agent route hs_code goods",
            "gross_kg value_fen lines vehicles",
        ),
        **dict.fromkeys(AT_HAND_IN.names, FactType.WHOLE),
    },
    "at-gate": _typed(
        "direction load cargo plate hs_code goods declaration",
        "gross_kg total_kg crossed_kg tare_kg convoy_expected",
        "late cleared green_channel announced",
    ),
}
"""The facts at each stage: of a consignment's papers and features, and of a vehicle with one of its consignments.

Masses are kg, values 1/100 yuan. A fact that a case does not know is None, and meets no condition.
"""

_PYTHON = {FactType.WORD: str, FactType.WHOLE: int, FactType.FLAG: bool}


def stage_of(table: str) -> str:
    """Return when a table of this name is asked."""
    return next(stage for stage in STAGES if table.endswith(stage))


def check_facts(table: str, columns: Mapping[str, FactType], facts: Facts) -> None:
    """Raise InvalidValue with the fact and the rule where one is missing, not known or of another type."""
    known = STAGES[stage_of(table)]
    for name, value in facts.items():
        if name not in known:
            raise InvalidValue(f"{table}.{name}", "rules.unknown_fact", "is nothing that tables know")
        if value is not None and type(value) is not _PYTHON[known[name]]:
            raise InvalidValue(f"{table}.{name}", "rules.fact_type", f"must be a {known[name]}, not {value!r:.40}")
    for name in columns:
        if name not in facts:
            raise InvalidValue(f"{table}.{name}", "rules.missing_fact", "is asked for, and the case does not say it")
