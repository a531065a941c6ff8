"""What is a reader's own: papers and lots that name a firm of the account.

Of what others have, it is not said whether it exists.
"""

from collections.abc import Collection, Sequence
from typing import TypeVar

from kouan.access.people import Principal
from kouan.access.policy import may_concerning, sees_all
from kouan.access.words import Action, Field
from kouan.inspection.parties import PaperRecord, firms_of
from kouan.inspection.supporting import PaperKind
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import GRANTED
from kouan.web.services import Services

AnyPaper = TypeVar("AnyPaper", bound=PaperRecord)


def reads_all_papers(reader: Principal) -> bool:
    """Say whether somebody may read every paper, not only those of their firms."""
    return sees_all(reader, Action.READ_PAPERS, Field.PAPER)


async def readable(services: Services, reader: Principal, papers: Sequence[AnyPaper]) -> list[AnyPaper]:
    """Return those papers that somebody may read, in their order."""
    if reads_all_papers(reader):
        return list(papers)
    firms = [await firms_of(services.papers, paper) for paper in papers]
    return [paper for paper, named in zip(papers, firms, strict=True) if _reads(reader, named)]


def _reads(reader: Principal, firms: Collection[str]) -> bool:
    return may_concerning(reader, Action.READ_PAPERS, Field.PAPER, firms) is GRANTED


async def papers_numbered(services: Services, number: str) -> list[PaperRecord]:
    """Return every paper of a number; numbers are unique within a kind only."""
    papers = services.papers
    found: list[PaperRecord | None] = [
        await papers.find_confirmation(number),
        await papers.find_manifest(number),
        await papers.find_declaration(number),
        *[await papers.find_supporting(kind, number) for kind in PaperKind],
    ]
    return [paper for paper in found if paper is not None]


async def reads_number(services: Services, reader: Principal, number: str) -> bool:
    """Say whether somebody may read every paper of a number, and there is one."""
    if reads_all_papers(reader):
        return True
    found = await papers_numbered(services, number)
    return bool(found) and len(await readable(services, reader, found)) == len(found)


async def require_lot(
    services: Services, caller: Principal, action: Action, field: Field, number: str, asked: str = ""
) -> None:
    """Raise NotFound, of ``asked``, where somebody who may act only on their own firm's lots names another, or none."""
    if sees_all(caller, action, field):
        return
    record = None if services.release is None else await services.release.records.find_lot(number)
    if record is None or may_concerning(caller, action, field, {record.consignee}) is not GRANTED:
        raise NotFound(f"there is no {asked or f'lot {number}'}")
