"""Electronic seals (关锁), against what was declared (I7)."""

from kouan.gate.case import Case
from kouan.gate.evidence import SealCondition
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


@rule(NoParams)
def seal_present(case: Case, _params: NoParams) -> Verdict:
    """Grant where a seal is found wherever one was declared."""
    found, papers = case.seal, case.papers
    if found is None or papers is None or not papers.seals or found.condition != SealCondition.ABSENT:
        return GRANTED
    return refuse("seal.absent", declared=", ".join(papers.seals))


@rule(NoParams)
def seal_intact(case: Case, _params: NoParams) -> Verdict:
    """Grant unless the seal was tampered with."""
    found = case.seal
    if found is None or found.condition != SealCondition.TAMPERED:
        return GRANTED
    return refuse("seal.tampered", number=found.number or "")


@rule(NoParams)
def seal_readable(case: Case, _params: NoParams) -> Verdict:
    """Grant where a seal that is there could be read."""
    found = case.seal
    if found is None or found.condition == SealCondition.ABSENT:
        return GRANTED
    if found.condition == SealCondition.UNREADABLE or found.number is None:
        return refuse("seal.unreadable")
    return GRANTED


@rule(NoParams)
def seal_matches_manifest(case: Case, _params: NoParams) -> Verdict:
    """Grant where the seal read is a declared one, and none is found where none was declared (I7)."""
    found, papers = case.seal, case.papers
    if found is None or found.number is None or papers is None or papers.confirmation is None:
        return GRANTED
    if found.number in papers.seals:
        return GRANTED
    if not papers.seals:
        return refuse("seal.not_declared", read=found.number)
    return refuse("seal.differs", read=found.number, declared=", ".join(papers.seals))
