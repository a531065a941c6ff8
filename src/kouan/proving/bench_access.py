"""How long need to know takes to decide, in processor time: granted and denied, one field and a whole passage."""

import statistics
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec

from kouan.access.need import PROTECTED, Asking, Matter, MatterKind, Purpose, Stage, may_read, readable
from kouan.access.people import Agency, Principal, Role
from kouan.access.words import Field
from kouan.proving.bench_gate.figures import environment

PORT = "bench"
BATCH = 1000
"""Decisions between two looks at the clock, so that the look itself weighs a thousandth. Our choice."""


class BenchSetting(msgspec.Struct, frozen=True):
    """How many batches of a thousand decisions are timed, and the seed of what is asked."""

    batches: int = 200
    seed: int = 1


Question = tuple[Asking, Matter, Field]


def questions(chance: Random, n: int) -> list[Question]:
    """Return questions drawn evenly from all that can be asked; most of them are denied."""
    return [_question(chance) for _ in range(n)]


def _question(chance: Random) -> Question:
    agencies = list(Agency)
    agency = chance.choice(agencies)
    roles = tuple(chance.sample(list(Role), chance.choice((1, 1, 2))))
    asking = Asking(Principal("p", "P", agency, roles), PORT, chance.choice(list(Purpose)), chance.random() < 0.5)
    assigned = frozenset(chance.sample(agencies, 2))
    matter = Matter(MatterKind.PASSAGE, "P1", PORT, chance.choice(list(Stage)), assigned, PROTECTED)
    return asking, matter, chance.choice(sorted(PROTECTED))


def measure(setting: BenchSetting) -> Mapping[str, Any]:
    """Return the median processor time of a decision in nanoseconds, and the share of what was granted."""
    asked = questions(Random(setting.seed), BATCH)
    granted = [each for each in asked if may_read(*each)]
    officer = Principal("p", "P", Agency.CUSTOMS, (Role.INSPECTOR,))
    asking = Asking(officer, PORT, Purpose.CONTROL, on_shift=True)
    fields = frozenset({Field.DRIVER, Field.HEALTH, Field.PAPERS, Field.BORDER_INSPECTION, Field.CUSTOMS})
    passage = Matter(MatterKind.PASSAGE, "P1", PORT, Stage.UNDER_WAY, frozenset(Agency), fields)
    return {
        "decision_ns": _median_ns(lambda: [may_read(*each) for each in asked], len(asked), setting.batches),
        "granted_ns": _median_ns(lambda: [may_read(*each) for each in granted], len(granted), setting.batches),
        "passage_ns": _median_ns(lambda: [readable(asking, passage) for _ in asked], len(asked), setting.batches),
        "granted_pm": round(1000 * len(granted) / len(asked)),
        "decisions": setting.batches * len(asked),
        "environment": environment(),
    }


def _median_ns(work: Callable[[], object], n: int, batches: int) -> int:
    found = []
    for _ in range(batches):
        began = time.thread_time_ns()
        work()
        found.append((time.thread_time_ns() - began) / n)
    return round(statistics.median(found))
