"""What is told of a port's day: waits, stays and lines, each with its unit in its name."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kouan.planning.model.plan import DAY_S
from kouan.planning.model.run import Outcome
from kouan.planning.traffic import SLOTS

MEASURES = (
    "turn_round_min", "turn_round_p95_min", "visit_min", "gate_min", "gate_wait_min", "line_longest", "yard_min",
    "second_min", "out_min", "lorries", "served_share",
)  # fmt: skip
"""``turn_round_min`` runs from the far side to leaving, ``visit_min`` from joining our own line. ``gate_min`` runs from
joining the line before the first stop to driving off from the last, of which ``gate_wait_min`` in line; ``yard_min``
from joining the line of the scales to the tare, ``second_min`` over those sent to the scanner or a bay, ``out_min`` at
the way out. ``line_longest`` is the longest line before the gate, as a mean over a quarter hour. ``served_share`` of
the lorries left by midnight."""

PLACES = ("far_side", "gate_in", "scan", "examine", "weighing", "unload", "gate_out")
"""Where lorries stand in line: a place is the stations whose names begin so, the scales are one."""

_SCALES = ("weigh_gross", "weigh_tare")


def measured(outcome: Outcome) -> Mapping[str, float]:
    """Return the measures of one replication; a stage where nobody was has 0."""
    stays = outcome.stays_s("import") / 60
    stops = [name for name in _names(outcome) if name.startswith("gate_in")]
    left_by = outcome.left_s[outcome.coming.kind == 0]
    return {
        "turn_round_min": float(np.mean(stays)) if len(stays) else 0.0,
        "turn_round_p95_min": float(np.quantile(stays, 0.95)) if len(stays) else 0.0,
        "visit_min": (float(np.mean(stays)) if len(stays) else 0.0) - stay_min(outcome, ["far_side", "road"]),
        "gate_min": stay_min(outcome, stops),
        "gate_wait_min": sum(stay_min(outcome, [stop], waiting_only=True) for stop in stops),
        "line_longest": float(outcome.queue[[outcome.place(stop) for stop in stops]].sum(axis=0).max()),
        "yard_min": stay_min(outcome, ["weigh_gross", "hold", "unload", "weigh_tare"], of="weigh_gross"),
        "second_min": stay_min(outcome, ["scan", "review", "examine"], of=_most_met(outcome, "scan", "examine")),
        "out_min": stay_min(outcome, ["gate_out"]),
        "lorries": float(len(stays)),
        "served_share": float(np.mean(left_by <= DAY_S)) if len(left_by) else 1.0,
    }


def _most_met(outcome: Outcome, *stations: str) -> str:
    """Return the station that most vehicles met: whoever is examined was scanned first, as far as scanners suffice."""
    return max(stations, key=lambda name: int(outcome.served[outcome.place(name)]))


def in_line(outcome: Outcome) -> NDArray[np.float64]:
    """Return how many vehicles stand in line at each place, a mean over each quarter hour: (places, 96).

    Who still stands there after midnight counts to the clock's same quarter, so that a sum is the whole day's.
    """
    by_clock = outcome.queue.reshape(len(outcome.queue), -1, SLOTS).sum(axis=1)
    names = _names(outcome)
    return np.array([by_clock[[_at(name, place) for name in names]].sum(axis=0) for place in PLACES])


def _at(station: str, place: str) -> bool:
    return station in _SCALES if place == "weighing" else station.startswith(place)


def stay_min(outcome: Outcome, stations: Sequence[str], *, of: str = "", waiting_only: bool = False) -> float:
    """Return minutes in line, served and standing still at these stations, a vehicle of the first one or of ``of``."""
    places = [outcome.place(name) for name in stations]
    counted = int(outcome.served[outcome.place(of or stations[0])])
    spent = outcome.waited[places].sum()
    if not waiting_only:
        spent += outcome.worked[places].sum() + outcome.stood[places].sum()
    return float(spent) / 60 / counted if counted else 0.0


def _names(outcome: Outcome) -> list[str]:
    return [station.name for station in outcome.network.stations]
