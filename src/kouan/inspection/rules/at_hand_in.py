"""What the tables in force say of a candidate whose papers are complete, in the words of targeting."""

import msgspec

from kouan.inspection.control_orders import ControlKind
from kouan.inspection.rules.document import TABLES
from kouan.inspection.rules.facts import STAGES, Fact
from kouan.inspection.rules.roles import DecisionTables
from kouan.inspection.targeting.candidate import Candidate
from kouan.inspection.targeting.selection import Hit, Source
from kouan.vocabulary.errors import Corrupt, InvalidValue

STAGE = "at-hand-in"


def facts_of(candidate: Candidate, features: dict[str, int | None]) -> dict[str, Fact]:
    """Return what tables may ask of a candidate: what its papers say, and its features."""
    said = msgspec.to_builtins(candidate)
    return {**{name: said[name] for name in STAGES[STAGE] if name in said}, **features}


def hits_of_tables(tables: DecisionTables, candidate: Candidate, features: dict[str, int | None]) -> tuple[Hit, ...]:
    """Return the rows that name a candidate, as targeting's rules are; a table that cannot decide has it examined."""
    facts = facts_of(candidate, features)
    hits: list[Hit] = []
    for name, authority in TABLES.items():
        if not name.endswith(STAGE):
            continue
        try:
            asked = tables.evaluate(name, facts, candidate.at)
        except (InvalidValue, Corrupt) as error:
            what = f"{error.field} {error.rule}" if isinstance(error, InvalidValue) else name
            hits.append(Hit(Source.RULE, what, name, authority.value, ControlKind.EXAMINE.value, mandatory=True))
            continue
        if asked is not None:
            by = f"{asked.document} {asked.digest}"
            hits += [
                Hit(Source.RULE, row.id, by, authority.value, row.kind.value, row.mandatory)
                for row in asked.rows
                if row.kind is not None
            ]
    return tuple(hits)
