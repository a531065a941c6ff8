"""Samples and custody: what was taken, sealed, witnessed, handed over and tested, so that a result can be contested."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from kouan.inspection.records import params_of
from kouan.inspection.release.facts import ResultIn, RetestOrdered, SampleTaken
from kouan.inspection.release.records import CustodyRecord, LotRecord, SampleRecord, standing_of
from kouan.inspection.release.use_cases import Told, tell
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse


class Taking(msgspec.Struct, frozen=True):
    """A sample and its duplicate as they are taken: numbers and seals, where, who saw it, and where each is kept."""

    sample: str
    seal: str
    duplicate: str
    duplicate_seal: str
    location: str
    witness: str
    laboratory: str
    store: str


def take_sample(record: LotRecord, taking: Taking, by: str, now: Instant) -> Told | Refused:
    """Take and seal a sample and its duplicate, and send the sample to the laboratory."""
    if taking.sample == taking.duplicate or taking.seal == taking.duplicate_seal:
        return refuse("release.sample_twice")
    told = tell(record, SampleTaken(taking.sample), f"sample:{taking.sample}", by, now)
    if isinstance(told, Refused):
        return told
    taken = [
        SampleRecord(taking.sample, record.number, None, taking.seal, by, taking.witness, taking.location, now),
        SampleRecord(
            taking.duplicate,
            record.number,
            taking.sample,
            taking.duplicate_seal,
            by,
            taking.witness,
            taking.location,
            now,
        ),
    ]
    links = [
        CustodyRecord(taking.sample, 1, record.number, taking.location, by, taking.seal, now, by),
        CustodyRecord(taking.sample, 2, record.number, taking.laboratory, taking.laboratory, taking.seal, now, by),
        CustodyRecord(taking.duplicate, 1, record.number, taking.location, by, taking.duplicate_seal, now, by),
        CustodyRecord(taking.duplicate, 2, record.number, taking.store, taking.store, taking.duplicate_seal, now, by),
    ]
    body = {"at": now, "custody": links, "lot": record.number, "samples": taken}
    draft = Draft(
        "release.sampled/1", record.number, f"release:{record.number}:sampled:{taking.sample}", canonical(body)
    )
    guards = [Statement("release.insert_sample", params_of(each)) for each in taken]
    guards += [Statement("release.hand_over", params_of(each)) for each in links]
    return joined(told, draft, guards)


def hand_over(
    item: str, record: LotRecord, place: str, holder: str, seal: str | None, trail: Sequence[CustodyRecord],
    by: str, now: Instant,
) -> Unit:  # fmt: skip
    """Note that goods of a lot, or a sample of it, are with somebody else or elsewhere from now on."""
    link = CustodyRecord(item, trail[-1].step + 1 if trail else 1, record.number, place, holder, seal, now, by)
    key = f"release:{record.number}:custody:{item}:{link.step}"
    draft = Draft("release.handed_over/1", record.number, key, canonical(link))
    return Unit((draft,), guards=(Statement("release.hand_over", params_of(link)),))


def take_result(
    record: LotRecord, samples: Sequence[SampleRecord], number: str, result: str, passed: bool, by: str, now: Instant,
    trail: Sequence[CustodyRecord] = (),
) -> Told | Refused:  # fmt: skip
    """Take a laboratory's result of the sample under test: the lot's latest, or its duplicate in a re-test."""
    sample = _awaited(samples, retest=standing_of(record).retest)
    if sample is None or sample.number != number:
        return refuse("release.sample_unknown")
    told = tell(record, ResultIn(result, passed), f"result:{result}", by, now, trail=trail)
    if isinstance(told, Refused):
        return told
    noted = {"number": sample.number, "lot": record.number, "result": result, "passed": int(passed)}
    draft = Draft(
        "release.tested/1",
        record.number,
        f"release:{record.number}:tested:{sample.number}",
        canonical({"at": now, **noted}),
    )
    return joined(told, draft, [Statement("release.note_result", noted)])


def _awaited(samples: Sequence[SampleRecord], *, retest: bool) -> SampleRecord | None:
    """Return the sample whose result counts now."""
    taken = [each for each in samples if (each.duplicate_of is not None) is retest]
    return max(taken, key=lambda each: (each.taken_at, each.number), default=None)


def order_retest(record: LotRecord, samples: Sequence[SampleRecord], by: str, now: Instant) -> Told | Refused:
    """Have the duplicate of the sample that failed tested, because its result is contested."""
    failed = {each.number for each in samples if each.passed == 0}
    duplicate = next((each for each in samples if each.duplicate_of in failed and each.result is None), None)
    if duplicate is None:
        return refuse("release.no_retest")
    return tell(record, RetestOrdered(duplicate.number), f"retest:{duplicate.number}", by, now)


def joined(told: Told, draft: Draft, guards: Sequence[Statement]) -> Told:
    """Return what was told with another entry and its guards in the same unit."""
    unit = told.unit
    return replace(told, unit=Unit((*unit.drafts, draft), (*unit.guards, *guards), unit.effects))
