"""Counts what the port caught, missed and stopped for nothing, from the field's own record. Pure."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kouan.simulator.anomalies import EXPECTED, Anomaly
from kouan.simulator.truth import VehicleTruth, vehicles
from kouan.vocabulary.clock import SECOND


class KindScore(msgspec.Struct, frozen=True):
    """One kind of anomaly: planted, caught, and caught for the right reason."""

    planted: int = 0
    caught: int = 0
    right_reason: int = 0


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a run.

    ``planted`` counts vehicles with an anomaly that a port must catch and on which it decided; each of them is caught
    or missed. ``false_alarms`` are vehicles with nothing wrong that were not simply released; ``own_trouble`` those
    stopped for trouble that is the port's own (misreadings, failed devices, late papers). ``median_stop_s`` runs from
    the stop to the lifted release barrier, over vehicles released with nothing wrong; None where there was none.
    """

    vehicles: int
    undecided: int
    planted: int
    caught: int
    missed: int
    right_reason: int
    false_alarms: int
    own_trouble: int
    cleared: int
    diverted: int
    double_actuations: int
    median_stop_s: float | None
    p95_stop_s: float | None
    kinds: Mapping[str, KindScore] = {}
    missed_crossings: tuple[str, ...] = ()
    false_crossings: tuple[str, ...] = ()


_LANES = ("order.", "lane.")
"""How reason codes begin that tell of the lane or of an order, not of the vehicle."""


def _codes(outcome: Mapping[str, Any]) -> list[str]:
    reasons = outcome.get("reasons", ())
    return [str(reason["code"] if isinstance(reason, Mapping) else reason) for reason in reasons]


def stopped_for_a_reason(outcome: Mapping[str, Any]) -> bool:
    """Return whether the platform did anything but simply release: another decision, or findings that it told."""
    return str(outcome["outcome"]) != "RELEASE" or bool(_codes(outcome))


def _caught(outcome: Mapping[str, Any], kind: Anomaly) -> bool:
    if kind is Anomaly.TAILGATER:
        return _right(outcome, kind)
    return stopped_for_a_reason(outcome)


def _right(outcome: Mapping[str, Any], kind: Anomaly) -> bool:
    return any(word in code for code in _codes(outcome) for word in EXPECTED[kind].words)


def _only_the_lanes_trouble(outcome: Mapping[str, Any]) -> bool:
    """Return whether it was released, and its order then failed for what had nothing to do with the vehicle."""
    return str(outcome["outcome"]) == "RELEASE" and all(code.startswith(_LANES) for code in _codes(outcome))


def double_actuations(actuations: Iterable[Mapping[str, Any]]) -> int:
    """Return how many commands came under an order id that had moved an arm before."""
    seen: set[str] = set()
    doubles = 0
    for actuation in actuations:
        order = str(actuation["order_id"])
        doubles += order in seen
        seen.add(order)
    return doubles


def _spans(records: Sequence[VehicleTruth]) -> list[float]:
    return [
        (record.lifted_at - record.at_stop_at) / SECOND
        for record in records
        if record.exit == "release" and record.lifted_at is not None and not record.anomalies
    ]


def _percentile(spans: list[float], share: float) -> float | None:
    if not spans:
        return None
    ordered = sorted(spans)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def score(
    truth: Iterable[Mapping[str, Any]],
    actuations: Iterable[Mapping[str, Any]],
    outcomes: Iterable[Mapping[str, Any]],
) -> Score:
    """Compare what was planted with what the platform decided.

    ``truth`` and ``actuations`` are lines of the field's logs. ``outcomes`` are the platform's passages, each with
    ``lane``, ``track``, ``outcome`` (the first decision, None where there was none yet), ``state`` and ``reasons``
    (codes, or objects with ``code``) of everything that was found before or after it.
    """
    records = vehicles(truth)
    decided = {(str(one["lane"]), int(one["track"])): one for one in outcomes if one.get("outcome")}
    kinds: dict[str, KindScore] = {}
    missed: list[str] = []
    false: list[str] = []
    own = undecided = 0
    for record in records:
        outcome = decided.get((record.lane, record.track))
        if outcome is None:
            undecided += 1
            continue
        counted = [kind for kind in record.anomalies if EXPECTED[kind].counted]
        if counted:
            kind = counted[0]
            caught, right = _caught(outcome, kind), any(_right(outcome, one) for one in counted)
            old = kinds.get(kind, KindScore())
            kinds[kind] = KindScore(old.planted + 1, old.caught + caught, old.right_reason + (caught and right))
            if not caught:
                missed.append(record.crossing)
        elif stopped_for_a_reason(outcome):
            if record.anomalies or _only_the_lanes_trouble(outcome):
                own += 1
            else:
                false.append(record.crossing)
    spans = _spans(records)
    planted = sum(one.planted for one in kinds.values())
    return Score(
        vehicles=len(records),
        undecided=undecided,
        planted=planted,
        caught=planted - len(missed),
        missed=len(missed),
        right_reason=sum(one.right_reason for one in kinds.values()),
        false_alarms=len(false),
        own_trouble=own,
        cleared=sum(record.exit == "release" for record in records),
        diverted=sum(record.exit == "divert" for record in records),
        double_actuations=double_actuations(actuations),
        median_stop_s=statistics.median(spans) if spans else None,
        p95_stop_s=_percentile(spans, 0.95),
        kinds={str(kind): found for kind, found in sorted(kinds.items())},
        missed_crossings=tuple(missed),
        false_crossings=tuple(false),
    )
