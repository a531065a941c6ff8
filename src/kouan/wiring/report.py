"""What a run did, counted from the ledger and from the field's own record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from kouan.gate.decision import Decision
from kouan.gate.events import DecisionMade, FactRecorded, PassageClosed, PassageOpened
from kouan.gate.facts import VehicleLeft
from kouan.ledger.entries import Entry
from kouan.ledger.roles import Ledger
from kouan.simulator.logs import read_log
from kouan.simulator.score import score


class Outcome(msgspec.Struct):
    """What the platform made of one vehicle: its first decision, its last state, every reason that it named."""

    lane: str
    track: int
    outcome: str | None = None
    state: str = "open"
    reasons: list[str] = msgspec.field(default_factory=list)


async def outcomes_since(ledger: Ledger, after: int) -> Mapping[str, Outcome]:
    """Return what became of each passage that began after a ledger sequence, by its id."""
    found: dict[str, Outcome] = {}
    while entries := await ledger.read(after=after, limit=5000):
        for entry in entries:
            _take(found, entry)
        after = entries[-1].seq
    return found


def _take(found: dict[str, Outcome], entry: Entry) -> None:
    if entry.kind == "gate.passage_opened/1":
        opened = msgspec.json.decode(entry.body, type=PassageOpened)
        found[entry.stream] = Outcome(opened.fact.lane, opened.fact.track)
        return
    outcome = found.get(entry.stream)
    if outcome is None:
        return
    if entry.kind == "gate.decision/1":
        _decided(outcome, msgspec.json.decode(entry.body, type=DecisionMade).decision)
    elif entry.kind == "gate.closed/1":
        outcome.state = msgspec.json.decode(entry.body, type=PassageClosed).state
    elif entry.kind == "gate.departed/1":
        fact = msgspec.json.decode(entry.body, type=FactRecorded).fact
        if isinstance(fact, VehicleLeft) and fact.vehicles > 1:
            outcome.reasons.append("lane.tailgating")


def _decided(outcome: Outcome, decision: Decision) -> None:
    if outcome.outcome is None:
        outcome.outcome = decision.outcome.value
    outcome.reasons += [finding.reason.code for finding in decision.findings]


async def figures(
    ledger: Ledger, after: int, truth: tuple[Path, int], actuations: tuple[Path, int], decision_spans_us: list[int]
) -> dict[str, Any]:
    """Return the figures of a run that began after ledger sequence ``after``.

    ``truth`` and ``actuations`` are the field's logs, each with the number of lines that were there before the run.
    """
    outcomes = await outcomes_since(ledger, after)
    told = [msgspec.to_builtins(outcome) for outcome in outcomes.values()]
    result = score(_after(*truth), _after(*actuations), told)
    return {
        "cleared": result.cleared,
        "diverted": result.diverted,
        "vehicles": result.vehicles,
        "median_stop_s": result.median_stop_s,
        "p95_stop_s": result.p95_stop_s,
        "p99_decision_ms": _p99_ms(decision_spans_us),
        "planted": result.planted,
        "caught": result.caught,
        "missed": result.missed,
        "false_alarms": result.false_alarms,
        "own_trouble": result.own_trouble,
        "undecided": result.undecided,
        "double_actuations": result.double_actuations,
        "entries": await ledger.size() - after,
        "kinds": msgspec.to_builtins(result.kinds),
    }


def _after(path: Path, lines: int) -> list[dict[str, Any]]:
    return read_log(path)[lines:] if path.exists() else []


def _p99_ms(spans_us: list[int]) -> float | None:
    if not spans_us:
        return None
    ordered = sorted(spans_us)
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] / 1000
