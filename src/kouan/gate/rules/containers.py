"""Container numbers (ISO 6346), against their check digits and the manifest, and visible damage."""

from collections.abc import Sequence

import msgspec

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.identifiers import plate_distance
from kouan.vocabulary.identifiers.text import MAX_TEXT
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


class Confidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Least confidence in per mille."""

    least_pm: int


class Damage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Damage codes with which a container may still pass."""

    tolerated: list[str]


@rule(Confidence)
def container_read_with_confidence(case: Case, params: Confidence) -> Verdict:
    """Grant where the cameras are sure of the numbers, or of there being no container."""
    found = case.containers
    if found is None or found.confidence_pm >= params.least_pm:
        return GRANTED
    return refuse("container.unsure", confidence_pm=found.confidence_pm, least_pm=params.least_pm)


@rule(NoParams)
def container_numbers_valid(case: Case, _params: NoParams) -> Verdict:
    """Grant where every check digit holds (ISO 6346)."""
    found = case.containers
    if found is None or found.valid:
        return GRANTED
    return refuse("container.check_digit", numbers=", ".join(found.numbers))


class Nearness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Largest distance, in tenths of an edit, that still counts as a misreading of the same number."""

    near: int


@rule(Nearness)
def containers_match_manifest(case: Case, params: Nearness) -> Verdict:
    """Grant where exactly the announced containers are aboard; a misreading (``container.near``) is told apart."""
    found, papers = case.containers, case.papers
    if found is None or papers is None or papers.confirmation is None:
        return GRANTED
    read, declared = sorted(found.numbers), sorted(papers.containers)
    if read == declared:
        return GRANTED
    if not read:
        return refuse("container.absent", declared=", ".join(declared))
    if not declared:
        return refuse("container.not_announced", read=", ".join(read))
    code = "container.near" if _misread(read, declared, params.near) else "container.differs"
    return refuse(code, read=", ".join(read), declared=", ".join(declared))


def _misread(read: Sequence[str], declared: Sequence[str], near: int) -> bool:
    """Say whether each number read that was not declared lies near a declared one that was not read."""
    strange = [number for number in read if number not in declared]
    missed = [number for number in declared if number not in read]
    return len(strange) == len(missed) and all(
        any(plate_distance(number[:MAX_TEXT], other[:MAX_TEXT]) <= near for other in missed) for number in strange
    )


@rule(Damage)
def container_undamaged(case: Case, params: Damage) -> Verdict:
    """Grant where the cameras see no damage that could have let something in or out."""
    found = case.containers
    if found is None:
        return GRANTED
    seen = tuple(code for code in dict.fromkeys(found.damage) if code not in params.tolerated)
    return refuse("container.damaged", damage=", ".join(seen)) if seen else GRANTED
