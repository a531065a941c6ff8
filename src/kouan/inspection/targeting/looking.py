"""Looking back on what was selected: examples to learn from, outcomes to watch, the yield of each way of selecting."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kouan.inspection.targeting.candidate import DAY_US, Candidate, day_of
from kouan.inspection.targeting.drift import SCORE, WATCHED, Outcome, share_of
from kouan.inspection.targeting.estimate import Rate, offence_rate
from kouan.inspection.targeting.learning import Example
from kouan.inspection.targeting.records import CandidateRecord
from kouan.inspection.targeting.roles import TargetingRecords
from kouan.inspection.targeting.selection import Source
from kouan.vocabulary.clock import Instant

_READ_PAPERS = msgspec.json.Decoder(Candidate).decode
_READ_FEATURES = msgspec.json.Decoder(dict[str, int | None]).decode


RECENT_DAYS, RECENT = 30, 20_000
"""What a model's reference is made from: candidates of so many days, at most so many. Our choice."""


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


async def lessons(
    records: TargetingRecords, since: Instant, now: Instant
) -> tuple[tuple[Example, ...], Sequence[Mapping[str, int | None]]]:
    """Return what a model is learned from: the examples since an instant, and the features of recent candidates."""
    latest = await records.latest(RECENT)
    recent = [features_of(each) for each in latest if each.judged_at >= now - RECENT_DAYS * DAY_US]
    return examples_of(await records.examined(since)), recent


def outcomes_of(records: Iterable[CandidateRecord]) -> tuple[Outcome, ...]:
    """Return what scores promised of the examined candidates, whichever model gave them, and what was found."""
    return tuple(
        Outcome(
            day=day_of(record.result_at),
            score_ppm=record.score_ppm,
            found=bool(record.found),
            share=share_of(features_of(record), drawn=bool(record.drawn)),
        )
        for record in records
        if record.result_at is not None and record.score_ppm is not None
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
