"""The steps of an examination: what a control order may ask for, and a release regime too."""

import enum


class StepKind(enum.StrEnum):
    """What is done with a vehicle, its people or its goods; the checks of release regimes are among it."""

    PERSONS = "persons"
    DOCUMENTS = "documents"
    WEIGHT = "weight"
    RADIATION = "radiation"
    SCAN = "scan"
    VEHICLE_SEARCH = "vehicle_search"
    OPEN_SEAL = "open_seal"
    APPEARANCE = "appearance"
    TEMPERATURE = "temperature"
    QUARANTINE = "quarantine"
    UNLOAD = "unload"
    FOREIGN_MATTER = "foreign_matter"
    SOLID_WASTE = "solid_waste"
    QUANTITY = "quantity"
    SAMPLING = "sampling"
    RELOAD = "reload"
    RESEAL = "reseal"


MAKING = frozenset({StepKind.OPEN_SEAL, StepKind.UNLOAD, StepKind.RELOAD, StepKind.RESEAL})
"""What nobody asks for by itself: it makes other steps possible, or the vehicle whole again."""
