"""Papers as their reader may see them: who acts for a firm sees what names it whole, others what is on the vehicle."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kouan.access.need import Stage
from kouan.inspection.records import ConfirmationRecord, DeclarationRecord, ManifestRecord, SupportingRecord
from kouan.web.matters import matter_of_paper, paper_matter
from kouan.web.own import reads_all_papers
from kouan.web.reading import Reading

Paper = ConfirmationRecord | ManifestRecord | DeclarationRecord | SupportingRecord

ON_THE_VEHICLE = (
    "number", "version", "batch", "direction", "plate", "trailer", "load", "cargo", "containers", "seals", "tare_kg",
    "status", "step",
)  # fmt: skip
"""Fields of documents that need no purpose: what a person at a lane sees of the vehicle itself, and how far the paper
is. Our choice: whose goods they are, from whom, and worth what, is the firm's secret."""


async def shown_papers(
    reads: Reading, records: Sequence[Paper], views: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return papers' views with their documents, or without them where their reader may not read them."""
    if not reads_all_papers(reads.reader):
        return [{**view, "withheld": False} for view in views]
    read = await reads.of([paper_matter(record, reads.port) for record in records])
    return [
        {**view, "withheld": not fields, "details": view["details"] if fields else plain(view["details"])}
        for view, fields in zip(views, read, strict=True)
    ]


async def shown_versions(reads: Reading, number: str, views: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what happened to a paper, with what each entry says, or without where its reader may not read that."""
    if not reads_all_papers(reads.reader):
        return [{**view, "withheld": False} for view in views]
    fields = await reads.of_one(matter_of_paper(number, Stage.UNDER_WAY, reads.port))
    return [
        {**view, "withheld": not fields, "details": view["details"] if fields else plain(view["details"])}
        for view in views
    ]


def plain(details: msgspec.Raw) -> Mapping[str, Any]:
    """Return what of a document stands on its vehicle, and how far the paper is."""
    document = msgspec.json.decode(details)
    return {name: document[name] for name in ON_THE_VEHICLE if name in document}
