"""Who drives: the document at the terminal beside the driver who was announced.

The document itself is personal data and goes into a ``Personal`` payload; what is derived from it goes into evidence.
"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import msgspec

from kouan.gate.evidence import DriverIdentified
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Personal
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import TravelDocument


class Announced(msgspec.Struct, frozen=True):
    """Who was announced for a vehicle: document numbers of its drivers, and how many people are aboard.

    It is personal data, held in memory while the passage is open, and nowhere else.
    """

    documents: tuple[str, ...]
    crew: int | None = None


class AnnouncedDrivers(Protocol):
    """Knows who was announced; played over ``inspection``."""

    async def announced(self, confirmation: str) -> Announced | None:
        """Return who was announced in a vehicle confirmation, None where it is unknown or was forgotten."""
        ...


def read_document(read: DriverRead) -> TravelDocument | None:
    """Return the document, or None where its check digits do not hold."""
    try:
        return TravelDocument.parse(read.mrz)
    except InvalidValue:
        return None


def identity_of(document: TravelDocument | None, mrz: Sequence[str]) -> str:
    """Return what names the person: issuer and document number, or the lines where they cannot be read."""
    return f"{document.issuer}/{document.number}" if document is not None else "\n".join(mrz)


def personal_of(read: DriverRead, subject: str, salt: bytes) -> Personal:
    """Return what an entry only commits to."""
    return Personal(subject, salt, canonical({"mrz": list(read.mrz)}))


def identified(
    read: DriverRead, document: TravelDocument | None, announced: Announced | None, commitment: str, today: date
) -> DriverIdentified:
    """Return the evidence of one reading at the terminal; ``today`` is the port's own date."""
    expected = None
    if announced is not None and announced.documents:
        expected = document is not None and document.number in announced.documents
    return DriverIdentified(
        source=read.device,
        at=read.at,
        commitment=commitment,
        document_valid=document is not None,
        document_expired=document is not None and document.is_expired(today),
        nationality=document.nationality if document is not None else "",
        expected=expected,
        face_score_pm=read.face_score_pm,
        liveness_pm=read.liveness_pm,
        fingerprint_score_pm=read.fingerprint_score_pm,
        occupants=read.occupants,
        announced_crew=announced.crew if announced is not None else None,
    )
