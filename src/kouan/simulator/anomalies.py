"""What can be wrong with a vehicle, and what a port that works makes of it."""

import enum
from collections.abc import Mapping
from random import Random

import msgspec


class Anomaly(enum.StrEnum):
    """A kind of trouble that is planted at a rate; its truth stands in the log, out of the platform's sight."""

    PLATE_MISREAD = "plate_misread"
    CONTAINER_MISREAD = "container_misread"
    SEAL_BROKEN = "seal_broken"
    SEAL_ABSENT = "seal_absent"
    SEAL_DIFFERS = "seal_differs"
    SEAL_UNREADABLE = "seal_unreadable"
    OVERWEIGHT_UNDECLARED = "overweight_undeclared"
    RADIATION_SOURCE = "radiation_source"
    NORM_ALARM = "norm_alarm"
    WRONG_DRIVER = "wrong_driver"
    EXPIRED_DOCUMENT = "expired_document"
    FACE_UNCERTAIN = "face_uncertain"
    STOWAWAY = "stowaway"
    FEVER = "fever"
    LATE_MANIFEST = "late_manifest"
    MISSING_MANIFEST = "missing_manifest"
    CLONED_PLATE = "cloned_plate"
    TAILGATER = "tailgater"
    DAMAGED_CONTAINER = "damaged_container"
    CONTROL_ORDER_TARGET = "control_order_target"
    DEVICE_FAULT = "device_fault"


STOPPED = ("HOLD", "REFUSE", "DIVERT_MANUAL", "DIVERT_SCAN", "DIVERT_QUARANTINE", "DIVERT_RADIATION")
"""Every outcome that keeps a vehicle from driving on unexamined."""

ANY = ("RELEASE", *STOPPED)


class Expectation(msgspec.Struct, frozen=True):
    """What becomes of a vehicle with one anomaly where all goes well.

    ``outcomes`` are acceptable as the first decision; ``words`` are parts of reason codes of which one is the right
    reason. ``counted`` is false for trouble that is the port's own, where a release is no miss.
    """

    outcomes: tuple[str, ...]
    words: tuple[str, ...]
    counted: bool = True


_PERSONS = ("HOLD", "REFUSE", "DIVERT_MANUAL", "DIVERT_SCAN")
_GOODS = ("HOLD", "REFUSE", "DIVERT_MANUAL", "DIVERT_SCAN")

EXPECTED: Mapping[Anomaly, Expectation] = {
    # A misread plate may be mended by the second camera: then the release is right, so it is not counted.
    Anomaly.PLATE_MISREAD: Expectation(ANY, ("plate", "confidence", "paper"), counted=False),
    Anomaly.CONTAINER_MISREAD: Expectation(ANY, ("container", "confidence"), counted=False),
    Anomaly.SEAL_BROKEN: Expectation(_GOODS, ("seal",)),
    Anomaly.SEAL_ABSENT: Expectation(_GOODS, ("seal",)),
    Anomaly.SEAL_DIFFERS: Expectation(_GOODS, ("seal",)),
    Anomaly.SEAL_UNREADABLE: Expectation(STOPPED, ("seal",), counted=False),
    Anomaly.OVERWEIGHT_UNDECLARED: Expectation(_GOODS, ("weight", "mass")),
    Anomaly.RADIATION_SOURCE: Expectation(("DIVERT_RADIATION", "HOLD"), ("radiation",)),
    Anomaly.NORM_ALARM: Expectation(("DIVERT_RADIATION", "HOLD"), ("radiation",)),
    Anomaly.WRONG_DRIVER: Expectation(_PERSONS, ("driver", "face", "fingerprint", "border_inspection")),
    Anomaly.EXPIRED_DOCUMENT: Expectation(_PERSONS, ("document", "driver", "border_inspection")),
    Anomaly.FACE_UNCERTAIN: Expectation(_PERSONS, ("face", "driver", "border_inspection"), counted=False),
    Anomaly.STOWAWAY: Expectation(_PERSONS, ("crew", "occupant", "stowaway", "border_inspection", "driver")),
    Anomaly.FEVER: Expectation(("DIVERT_QUARANTINE", "HOLD", "REFUSE"), ("health", "temperature", "fever", "customs")),
    Anomaly.LATE_MANIFEST: Expectation(ANY, ("paper", "manifest", "confirmation"), counted=False),
    Anomaly.MISSING_MANIFEST: Expectation(STOPPED, ("paper", "manifest", "confirmation", "customs")),
    Anomaly.CLONED_PLATE: Expectation(_GOODS, ("clone", "elsewhere", "plate", "visit", "duplicate", "paper")),
    Anomaly.TAILGATER: Expectation(ANY, ("tailgat", "alone")),
    Anomaly.DAMAGED_CONTAINER: Expectation(_GOODS, ("damage", "container")),
    Anomaly.CONTROL_ORDER_TARGET: Expectation(STOPPED, ("hold", "control", "customs", "border_inspection")),
    Anomaly.DEVICE_FAULT: Expectation(ANY, ("device", "fault", "missing", "late", "degraded"), counted=False),
}


def acceptable(anomalies: tuple[Anomaly, ...]) -> tuple[str, ...]:
    """Return the first decisions that are right for a vehicle: a plain release where nothing is wrong with it."""
    if not anomalies:
        return ("RELEASE",)
    allowed = set(ANY)
    for anomaly in anomalies:
        # Two troubles at once may each be the one that is acted on, so a stop for either is right.
        allowed &= set(EXPECTED[anomaly].outcomes) | (set(STOPPED) if len(anomalies) > 1 else set())
    return tuple(outcome for outcome in ANY if outcome in allowed)


def draw(random: Random, rates: Mapping[Anomaly, float], possible: frozenset[Anomaly]) -> tuple[Anomaly, ...]:
    """Return the anomalies of one vehicle: each at its own rate, at most two, and only those possible for it.

    Every rate uses one number of ``random`` whether possible or not, so that a change of cargo moves no other draw.
    """
    drawn = [kind for kind in Anomaly if random.random() < rates.get(kind, 0.0) and kind in possible]
    return tuple(drawn[:2])
