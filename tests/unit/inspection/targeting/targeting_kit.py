"""Candidates, examples and models for the tests of targeting."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from kouan.inspection.targeting.budget import Budget
from kouan.inspection.targeting.candidate import CHINA_US, Candidate
from kouan.inspection.targeting.features import Feature, FeatureSet, Known
from kouan.inspection.targeting.learning import Example
from kouan.vocabulary.places import Direction

DAY = 86_400_000_000
MORNING = 20_000 * DAY - CHINA_US
"""Midnight of a day in China."""

CANDIDATE = Candidate(
    number="in-W1",
    at=MORNING + DAY // 2,
    direction=Direction.IN,
    consignment="W1",
    declaration="D1",
    plate="1234 УБА",
    carrier="carrier",
    importer="importer",
    exporter="exporter",
    agent="agent",
    route="mine → yard",
    hs_code="2701121000",
    goods="coking coal",
    gross_kg=80_000,
    value_fen=8_000_000,
)

BUDGET = Budget("B1", "examine", 24, 20, 200, 400, "as agreed", "li", MORNING, MORNING)

TWO = FeatureSet(
    (Feature("telling", Known.PAPERS, lambda _: 0), Feature("noise", Known.PAPERS, lambda _: 0)), Known.PAPERS
)
"""Two features of which only the first tells anything."""


def like(candidate: Candidate = CANDIDATE, **changes: Any) -> Candidate:
    return msgspec.structs.replace(candidate, **changes)


def examples(
    count: int, chance: Random, tells: bool = True, template: Sequence[str] | None = None
) -> tuple[Example, ...]:
    """Return examples of which one in five is false, where the feature is high or else the template says so."""
    made = []
    for place in range(count):
        false = chance.random() < 0.2
        telling = chance.randrange(500, 1000) if false == tells else chance.randrange(0, 600)
        features: Mapping[str, int | None] = {
            "telling": telling if tells else chance.randrange(1000),
            "noise": chance.choice((None, chance.randrange(1000))),
        }
        firm = ("false" if false else "honest") if template is None else chance.choice(template)
        made.append(
            Example(f"C{place}", place * DAY, place * DAY + DAY, features, (firm, "2701"), 1_000_000, False, false)
        )
    return tuple(made)
