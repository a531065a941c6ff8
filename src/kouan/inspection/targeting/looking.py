"""Looking back on what was selected: examples to learn from, outcomes to watch, the yield of each way of selecting."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kouan.inspection.targeting.candidate import Candidate
from kouan.inspection.targeting.drift import SCORE, WATCHED, Outcome
from kouan.inspection.targeting.estimate import Rate, offence_rate
from kouan.inspection.targeting.learning import Example
from kouan.inspection.targeting.records import CandidateRecord
from kouan.inspection.targeting.selection import Source

_READ_PAPERS = msgspec.json.Decoder(Candidate).decode
_READ_FEATURES = msgspec.json.Decoder(dict[str, int | None]).decode


class Yield(msgspec.Struct, frozen=True):
    """What one way of selecting brought: how many were selected, how many of them have a result, and were false."""

    source: str
    selected: int
    examined: int
    found: int


def candidate_of(record: CandidateRecord) -> Candidate:
    """Return the candidate behind its row."""
    return _READ_PAPERS(record.papers)


def features_of(record: CandidateRecord) -> dict[str, int | None]:
    """Return a candidate's features as they stood when it was judged."""
    return _READ_FEATURES(record.features)


def template_of(candidate: Candidate) -> tuple[str, ...]:
    """Return what a look-up of nearest templates goes by: importer, goods, route."""
    return (candidate.importer or "", candidate.hs_code, candidate.route or "")


def examples_of(records: Iterable[CandidateRecord]) -> tuple[Example, ...]:
    """Return the examples in candidates that have a result; the others are none."""
    return tuple(
        Example(
            number=record.number,
            at=record.at,
            result_at=record.result_at,
            features=features_of(record),
            template=template_of(candidate_of(record)),
            propensity_ppm=record.propensity_ppm,
            drawn=bool(record.drawn),
            found=bool(record.found),
        )
        for record in records
        if record.result_at is not None
    )


def outcomes_of(records: Iterable[CandidateRecord], model: str) -> tuple[Outcome, ...]:
    """Return what a model expected of the examined candidates, and what was found."""
    return tuple(
        Outcome(record.score_ppm, bool(record.found), bool(record.drawn))
        for record in records
        if record.result_at is not None and record.model == model and record.score_ppm is not None
    )


def lately(records: Sequence[CandidateRecord], model: str) -> Mapping[str, Sequence[int | None]]:
    """Return the watched values of the candidates that a model judged."""
    judged = [record for record in records if record.model == model]
    values: dict[str, Sequence[int | None]] = {SCORE: [record.score_ppm for record in judged]}
    features = [features_of(record) for record in judged]
    return values | {name: [each.get(name) for each in features] for name in WATCHED if name != SCORE}


def yields_of(records: Sequence[CandidateRecord]) -> tuple[Yield, ...]:
    """Return what each way of selecting brought, in the order of ``Source``."""
    found = []
    for source in Source:
        part = [record for record in records if record.source == source.value]
        examined = [record for record in part if record.result_at is not None]
        found.append(Yield(source.value, len(part), len(examined), sum(record.found or 0 for record in examined)))
    return tuple(found)


def true_rate(records: Sequence[CandidateRecord]) -> Rate | None:
    """Return the offence rate of the whole trade, estimated from what chance chose and an examination answered."""
    return offence_rate(
        [(record.random_ppm, bool(record.found)) for record in records if record.drawn and record.result_at is not None]
    )
