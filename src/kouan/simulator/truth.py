"""The lines of the truth log, and how they become one record a vehicle."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from kouan.simulator.anomalies import Anomaly, acceptable
from kouan.simulator.roles import Document, TruthLog
from kouan.simulator.vehicles import Lorry
from kouan.vocabulary.clock import Instant


class VehicleTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What truly happened to one vehicle on one crossing. Instants are microseconds since the epoch.

    ``expected`` are the first decisions that are right. ``exit`` is the barrier by which it left, ``withdrew`` where it
    backed out, None while it stands there. ``vehicles`` is how many passed in its opening.
    """

    crossing: str
    vehicle: str
    lane: str
    track: int
    direction: str
    plate: str
    trailer: str | None
    load: str
    cargo: str | None
    gross_kg: int
    anomalies: tuple[Anomaly, ...]
    expected: tuple[str, ...]
    arrived_at: Instant
    at_stop_at: Instant
    lifted_at: Instant | None = None
    left_at: Instant | None = None
    exit: str | None = None
    order_id: str | None = None
    vehicles: int = 1


class Diary:
    """Writes the truth log."""

    def __init__(self, log: TruthLog) -> None:
        self._log = log

    def stopped(self, lorry: Lorry, lane: str, track: int, arrived_at: Instant, at: Instant) -> None:
        """Note that a vehicle stands at the stop line."""
        truth = VehicleTruth(
            crossing=lorry.crossing,
            vehicle=lorry.rig.identity,
            lane=lane,
            track=track,
            direction=str(lorry.direction),
            plate=lorry.rig.plate,
            trailer=lorry.rig.trailer,
            load=str(lorry.load),
            cargo=lorry.cargo.name if lorry.cargo else None,
            gross_kg=lorry.gross_kg,
            anomalies=lorry.anomalies,
            expected=acceptable(lorry.anomalies),
            arrived_at=arrived_at,
            at_stop_at=at,
        )
        self._log.append({"event": "stopped", **msgspec.to_builtins(truth)})

    def left(self, lorry: Lorry, lane: str, track: int, **fields: str | int | None) -> None:
        """Note how and when it left: ``exit``, ``order_id``, ``lifted_at``, ``left_at``, ``vehicles``."""
        self._log.append({"event": "left", "crossing": lorry.crossing, "lane": lane, "track": track, **fields})

    def disturbed(self, crossing: str, lane: str, track: int, cause: str) -> None:
        """Note that a device failed or sent garbage while this vehicle stood there."""
        line = {"event": "disturbed", "crossing": crossing, "lane": lane, "track": track, "cause": cause}
        self._log.append(line)

    def note(self, event: str, lane: str, at: Instant, **fields: str | int) -> None:
        """Note anything else that is true and that the platform is not told: misreadings, faults, garbage."""
        self._log.append({"event": event, "lane": lane, "at": at, **fields})


def vehicles(lines: Iterable[Document]) -> list[VehicleTruth]:
    """Return one record a crossing, in the order of the stops."""
    records: dict[str, dict[str, Any]] = {}
    for line in lines:
        event = line.get("event")
        if event == "stopped":
            records[str(line["crossing"])] = dict(line)
        elif event in {"left", "disturbed"}:
            record = records.get(str(line.get("crossing")))
            if record is not None:
                _merge(record, line)
    return [msgspec.convert(record, VehicleTruth) for record in records.values()]


def _merge(record: dict[str, Any], line: Mapping[str, Any]) -> None:
    if line["event"] == "left":
        record.update(line)
        return
    anomalies = [*record["anomalies"], *([] if "device_fault" in record["anomalies"] else ["device_fault"])]
    record["anomalies"] = anomalies
    record["expected"] = list(acceptable(tuple(Anomaly(name) for name in anomalies)))
