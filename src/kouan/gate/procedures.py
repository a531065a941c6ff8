"""The ten procedures of one stop, and the seven decisions that they can lead to."""

import enum


class Procedure(enum.StrEnum):
    """The ten procedures; the list is our choice, because no public text names them (``domain.md``)."""

    POSITIONING = "positioning"
    PLATES = "plates"
    CONTAINER = "container"
    SEAL = "seal"
    WEIGHT = "weight"
    RADIATION = "radiation"
    DRIVER = "driver"
    HEALTH = "health"
    PAPERS = "papers"
    DECISION = "decision"


class Authority(enum.StrEnum):
    """Who decides: persons, goods and vehicles under control, safety and slots."""

    BORDER_INSPECTION = "border_inspection"
    CUSTOMS = "customs"
    SITE = "site"


class Outcome(enum.StrEnum):
    """What is decided of a vehicle at the stop line, from mildest to gravest."""

    RELEASE = "RELEASE"
    DIVERT_MANUAL = "DIVERT_MANUAL"
    DIVERT_SCAN = "DIVERT_SCAN"
    DIVERT_QUARANTINE = "DIVERT_QUARANTINE"
    DIVERT_RADIATION = "DIVERT_RADIATION"
    HOLD = "HOLD"
    REFUSE = "REFUSE"
