"""Rows of targeting's projections: whole numbers, strings, bytes and None; no row holds personal data."""

import msgspec

from kouan.vocabulary.clock import Instant


class CandidateRecord(msgspec.Struct, frozen=True):
    """A judged candidate: what its papers said, its features as they stood, what was decided, and what was found.

    ``papers`` is the canonical JSON of ``candidate.Candidate``, ``features`` of its features, ``why`` of the reasons.
    ``source`` is None where it passed; ``drawn`` is 1 where chance chose it. ``rules`` is the version of the rules,
    ``budget`` the number of the budget. ``found`` is 1 or 0 once the result is in, at ``result_at``.
    """

    number: str
    digest: str
    at: Instant
    judged_at: Instant
    importer: str | None
    hs_code: str
    papers: bytes
    features: bytes
    why: bytes
    source: str | None
    drawn: int
    random_ppm: int
    propensity_ppm: int
    score_ppm: int | None
    threshold_ppm: int | None
    model: str | None
    rules: str
    budget: str | None
    kind: str
    authority: str
    order_number: str | None
    result_at: Instant | None = None
    found: int | None = None


class WatchRecord(msgspec.Struct, frozen=True):
    """An entry of a watch list: what of a candidate's papers (``field``) is watched for, and who asked for it why."""

    number: str
    field: str
    value: str
    kind: str
    authority: str
    reason: str
    placed_by: str
    placed_at: Instant
    until: Instant | None = None


class ModelRecord(msgspec.Struct, frozen=True):
    """A model as handed in: its artefact with its digest, its grade (canonical JSON), and who put it in force.

    ``passed`` is 1 where its grade allows its use; ``state`` is one of ``model.ModelState``.
    """

    version: str
    digest: str
    trained_from: Instant
    trained_until: Instant
    handed_in_by: str
    handed_in_at: Instant
    grade: bytes
    passed: int
    state: str
    artefact: bytes = b""
    proposed_by: str | None = None
    activated_by: str | None = None
    activated_at: Instant | None = None


class NoticeRecord(msgspec.Struct, frozen=True):
    """A notice of drift: the message id and parameters (JSON) of what changed, and who has seen it."""

    number: str
    at: Instant
    model: str
    code: str
    params: bytes
    acknowledged_by: str | None = None
