"""Tractor and trailer plates (车牌), against the cameras' certainty and the papers."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.identifiers import plate_distance
from kouan.vocabulary.identifiers.text import MAX_TEXT
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


class Confidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Least confidence in per mille."""

    least_pm: int


class Nearness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Largest distance, in tenths of an edit, that still counts as a misreading of the same plate.

    ``plate_distance`` counts 3 for a look-alike and 10 for any other character taken wrongly, missed or added.
    """

    near: int


@rule(Confidence)
def plate_read_with_confidence(case: Case, params: Confidence) -> Verdict:
    """Grant where a tractor plate was read, and the camera is sure enough of it."""
    found = case.plates
    if found is None:
        return GRANTED
    if found.tractor is None:
        return refuse("plates.unread")
    if found.confidence_pm < params.least_pm:
        return refuse("plates.unsure", plate=found.tractor, confidence_pm=found.confidence_pm, least_pm=params.least_pm)
    return GRANTED


@rule(NoParams)
def plate_has_known_form(case: Case, _params: NoParams) -> Verdict:
    """Grant where the plates have the form of a country's plates."""
    found = case.plates
    if found is None or found.tractor is None or found.parsed:
        return GRANTED
    return refuse("plates.unknown_form", plate=found.tractor)


@rule(Nearness)
def plate_matches_confirmation(case: Case, params: Nearness) -> Verdict:
    """Grant where the plate is the announced one; a near miss (``plates.near``) is told apart from another vehicle."""
    found, papers = case.plates, case.papers
    if found is None or found.tractor is None or papers is None or papers.confirmation is None:
        return GRANTED
    if papers.plate is None:
        return refuse("plates.not_announced", plate=found.tractor)
    return _compare(found.tractor, papers.plate, params.near, "plates")


@rule(Nearness)
def trailer_matches_confirmation(case: Case, params: Nearness) -> Verdict:
    """Grant where the trailer is the announced one, and one was announced wherever one is drawn."""
    found, papers = case.plates, case.papers
    if found is None or papers is None or papers.confirmation is None or found.trailer == papers.trailer:
        return GRANTED
    if found.trailer is None:
        return refuse("trailer.unread", declared=papers.trailer or "")
    if papers.trailer is None:
        return refuse("trailer.not_announced", trailer=found.trailer)
    return _compare(found.trailer, papers.trailer, params.near, "trailer")


def _compare(read: str, declared: str, near: int, topic: str) -> Verdict:
    if read == declared:
        return GRANTED
    code = f"{topic}.near" if _distance(read, declared) <= near else f"{topic}.differs"
    return refuse(code, read=read, declared=declared)


def _distance(read: str, declared: str) -> int:
    return plate_distance(read[:MAX_TEXT], declared[:MAX_TEXT])


@rule(NoParams)
def plate_seen_once(case: Case, _params: NoParams) -> Verdict:
    """Grant unless this plate stood elsewhere so lately that the vehicle cannot have come here since (I6)."""
    found, papers = case.plates, case.papers
    if papers is None or papers.seen_elsewhere is None:
        return GRANTED
    plate = (found.tractor if found else None) or papers.plate or ""
    if papers.seen_before_us is None or papers.seen_distance_m is None:
        return refuse("plates.seen_elsewhere", plate=plate, where=papers.seen_elsewhere)
    minutes, km = papers.seen_before_us // (60 * SECOND), papers.seen_distance_m // 1000
    return refuse("plates.impossible_travel", plate=plate, where=papers.seen_elsewhere, minutes=minutes, km=km)
