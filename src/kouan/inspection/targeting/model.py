"""A risk model (风险模型) as it is kept: its trees, what it was trained on, and what its scores looked like then."""

import datetime as dt
import enum
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence

import msgspec

from kouan.inspection.targeting.grades import Grade
from kouan.inspection.targeting.trees import Trees, read_trees
from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue

PPM = 1_000_000
MICRO = 1_000_000

FORM = 1
"""Version of the artefact's form."""

MOST_BYTES = 16 * 1024 * 1024
"""Largest artefact that is read. Our choice: a model of a port has some 200 KB."""

SHOWN = 3
"""How many features explain a score. Our choice: what a person reads at a glance."""


class ModelState(enum.StrEnum):
    """Where a model stands: handed in, proposed by one officer, in force by a second one's word, or replaced."""

    TRAINED = "trained"
    PROPOSED = "proposed"
    ACTIVE = "active"
    RETIRED = "retired"


class Reference(msgspec.Struct, frozen=True):
    """How a value was spread when the model was trained: upper edges of bins, and each bin's share in ppm.

    The last bin has no edge; one more at the end counts what was not known.
    """

    name: str
    edges: tuple[int, ...]
    shares_ppm: tuple[int, ...]


class Artefact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that scoring needs; canonical JSON, known by its SHA-256.

    ``trees`` is LightGBM's text format. The log-odds of its trees are made into a chance by
    ``slope · log-odds + intercept`` (in millionths; Platt 1999). ``quantiles_ppm`` are the scores of all candidates of
    the last weeks before ``trained_until``, lowest first, in equal steps. ``grade`` is what these trees were graded.
    """

    features: tuple[str, ...]
    grade: Grade
    intercept_micro: int
    quantiles_ppm: tuple[int, ...]
    references: tuple[Reference, ...]
    slope_micro: int
    trained_from: Instant
    trained_until: Instant
    trees: str
    form: int = FORM

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical(self)


class Moved(msgspec.Struct, frozen=True):
    """By how much a feature's value moved the log-odds of an offence, in thousandths."""

    feature: str
    value: int | None
    milli: int


class RiskModel:
    """A model that was read and found right; plays ``RiskScore``."""

    def __init__(self, version: str, artefact: Artefact, trees: Trees) -> None:
        self.version = version
        self.artefact = artefact
        self._trees = trees
        self._score = scoring(trees, artefact.slope_micro, artefact.intercept_micro)

    def score(self, features: Mapping[str, int | None]) -> int:
        """Return the chance of an offence in ppm."""
        return self._score(features)

    def why(self, features: Mapping[str, int | None]) -> tuple[Moved, ...]:
        """Return what raised the chance most, the strongest first."""
        moved = sorted(self._trees.moved(features).items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        return tuple(Moved(name, features[name], round(by * 1000)) for name, by in moved if by > 0)


def scoring(trees: Trees, slope_micro: int, intercept_micro: int) -> Callable[[Mapping[str, int | None]], int]:
    """Return what gives features the chance of an offence in ppm."""
    return lambda features: round(PPM * chance_of((slope_micro * trees.log_odds(features) + intercept_micro) / MICRO))


def chance_of(log_odds: float) -> float:
    """Return the probability of log-odds."""
    return 1 / (1 + math.exp(-max(-35.0, min(35.0, log_odds))))


def digest_of(data: bytes) -> str:
    """Return the hex SHA-256 by which an artefact is known."""
    return hashlib.sha256(data).hexdigest()


def version_of(artefact: Artefact) -> str:
    """Return the name under which a model is known: until when it learned, and the beginning of its digest."""
    day = dt.datetime.fromtimestamp(artefact.trained_until // SECOND, tz=dt.UTC).date()
    return f"{day.isoformat()}-{digest_of(artefact.encode())[:8]}"


def read_model(data: bytes, digest: str, names: Sequence[str]) -> RiskModel:
    """Return the model of an artefact's bytes, which must look at the named features.

    Raises InvalidValue: ``model.digest`` where the bytes are not those that were handed in, ``model.form`` where they
    are no model, ``model.features`` where it looks at something else.
    """
    if digest_of(data) != digest:
        raise InvalidValue("model", "model.digest", "is not the artefact that was handed in")
    if len(data) > MOST_BYTES:
        raise InvalidValue("model", "model.form", f"must have at most {MOST_BYTES} bytes")
    try:
        artefact = msgspec.json.decode(data, type=Artefact)
    except msgspec.MsgspecError as error:
        raise InvalidValue("model", "model.form", f"is no artefact: {str(error)[:120]}") from error
    if artefact.form != FORM:
        raise InvalidValue("model", "model.form", f"must be of form {FORM}")
    trees = read_trees(artefact.trees)
    if artefact.features != tuple(names) or trees.features != artefact.features:
        raise InvalidValue("model", "model.features", "must look at the features of this version of kouan")
    return RiskModel(version_of(artefact), artefact, trees)
