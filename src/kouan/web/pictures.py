"""Whose a picture is: the matter that names it, and what of that matter it shows besides itself."""

from collections.abc import Iterator

from msgspec.structs import replace

from kouan.access.need import PROTECTED, Matter, MatterKind
from kouan.access.people import Principal
from kouan.access.words import Field
from kouan.inspection.examination.examination import Examination, Report
from kouan.vocabulary.errors import NotFound
from kouan.web.examination_views import shown
from kouan.web.matters import examination_matter, passage_matter
from kouan.web.reading import place_of
from kouan.web.services import Services


async def picture_matter(
    services: Services, reader: Principal, kind: MatterKind, number: str, sha256: str
) -> Matter | None:
    """Return a picture as part of the passage or examination of a number, with all fields that it shows.

    None where the reader is shown no such picture whatever for; raise NotFound where the matter names none.
    """
    if kind is MatterKind.PASSAGE:
        return await _in_passage(services, number, sha256)
    return await _in_examination(services, reader, number, sha256)


async def _in_passage(services: Services, number: str, sha256: str) -> Matter:
    view = await services.board.passage(number)
    procedures = {
        Field(each["name"])
        for each in view["procedures"]
        if each["evidence"] is not None
        and any(image["sha256"] == sha256 for image in each["evidence"].get("images", ()))
    }
    if not procedures:
        raise NotFound(f"passage {number} has no picture {sha256}")
    return replace(passage_matter(view, place_of(services)), fields=frozenset({Field.PICTURE, *procedures & PROTECTED}))


async def _in_examination(services: Services, reader: Principal, number: str, sha256: str) -> Matter | None:
    if services.examinations is None:
        raise NotFound("this port has no bays for joint examinations")
    found = await services.examinations.find(number)
    agencies = {report.agency for report in _reports(found) if sha256 in report.pictures}
    if not agencies:
        raise NotFound(f"examination {number} has no picture {sha256}")
    matter = examination_matter(found, place_of(services))
    if reader.agency in agencies:
        return replace(matter, fields=frozenset({Field.PICTURE}))
    whole = shown(found, reader, frozenset({Field.FINDINGS}))
    reports = (report for step in whole["steps"] for report in (*step["reports"], *step["before"]))
    if not any(sha256 in report["pictures"] for report in reports):
        return None
    return replace(matter, fields=frozenset({Field.PICTURE, Field.FINDINGS}))


def _reports(examination: Examination) -> Iterator[Report]:
    for step in examination.steps:
        yield from (*step.reports, *step.before)
