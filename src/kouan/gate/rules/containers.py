"""Container numbers (ISO 6346), against their check digits and the manifest, and visible damage."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
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


@rule(NoParams)
def containers_match_manifest(case: Case, _params: NoParams) -> Verdict:
    """Grant where exactly the announced containers are on the vehicle, in any order."""
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
    return refuse("container.differs", read=", ".join(read), declared=", ".join(declared))


@rule(Damage)
def container_undamaged(case: Case, params: Damage) -> Verdict:
    """Grant where the cameras see no damage that could have let something in or out."""
    found = case.containers
    if found is None:
        return GRANTED
    seen = tuple(code for code in dict.fromkeys(found.damage) if code not in params.tolerated)
    return refuse("container.damaged", damage=", ".join(seen)) if seen else GRANTED
