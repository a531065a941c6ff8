"""What is known of one order, one passage and one lane."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.vocabulary.clock import Instant

Document = Mapping[str, Any]


class OrderKnown(msgspec.Struct):
    """An order as it stands in the ledger: ``durable_at`` is the true instant at which it became so."""

    order_id: str
    passage: str
    body: Document
    durable_at: Instant
    crossing: str | None
    intended_epoch: int | None = None
    intended_at: Instant = 0
    intended: int = 0
    settled: bool = False
    commanded: int = 0
    actuated: int = 0

    @property
    def released(self) -> bool:
        """Whether it opens the way out of the port."""
        return bool(self.body["barrier"] == "release")


class PassageKnown(msgspec.Struct):
    """One passage by its entries, and by the case files that went out for it."""

    passage: str
    lane: str
    direction: str
    track: int
    opened_at: Instant
    began: Instant
    evidence: dict[str, Document] = {}
    read: dict[str, Document] = {}
    contradicted: set[str] = set()
    verdicts: dict[str, Document] = {}
    cases: dict[str, int] = {}
    holds: dict[str, Document] = {}
    lifted: set[str] = set()
    exceptions: list[Document] = []
    decision: Document | None = None
    decided_epoch: int = -1
    epoch: int = 0
    reviews: list[Document] = []
    confirmations: list[Document] = []
    orders: list[str] = []
    uncertain: bool = False
    broken: bool = False
    closed: str | None = None

    @property
    def plates(self) -> set[str]:
        """The plates that were read of the vehicle or declared for it, without blanks."""
        read, papers = self.evidence.get("plates", {}), self.evidence.get("papers", {})
        found = (read.get("tractor"), read.get("trailer"), papers.get("plate"), papers.get("trailer"))
        return {bare(plate) for plate in found if plate}

    def excepted(self, *rules: str) -> bool:
        """Say whether an exception was given from a rule whose name begins so."""
        return any(str(given["rule"]).startswith(rules) for given in self.exceptions)


class LaneKnown(msgspec.Struct):
    """One lane: who truly stands at its line, and what its controller and its barriers have said."""

    stopped: Document | None = None
    passage: str | None = None
    epoch: int = 0
    latch: str | None = None
    arms: dict[str, tuple[str, Instant]] = {}


def is_alarm(evidence: Document) -> bool:
    """Say whether this is a radiation alarm."""
    return evidence["type"] == "radiation" and bool(evidence["gamma_alarm"] or evidence["neutron_alarm"])


def bare(plate: str) -> str:
    """Return a plate's letters and digits."""
    return "".join(sign for sign in plate.upper() if sign.isalnum())


_CORRECTED = {"plate": "plates", "trailer": "plates", "containers": "container", "seal": "seal", "occupants": "driver"}


def correct(passage: PassageKnown, corrections: Mapping[str, str]) -> None:
    """Take in what a person read by eye in place of a device."""
    for field, value in corrections.items():
        if field == "papers" or field in ("plate", "containers"):
            passage.evidence.pop("papers", None)
        procedure = _CORRECTED.get(field)
        if procedure is None:
            continue
        passage.contradicted.discard(procedure)
        old = passage.evidence.get(procedure, {})
        changed: dict[str, Any] = {**old, "type": procedure, "source": "person"}
        if field in ("plate", "trailer"):
            changed["tractor" if field == "plate" else "trailer"] = value
        elif field == "seal":
            tampered = old.get("condition") == "tampered"
            changed |= {"number": value.strip().upper(), "condition": "tampered" if tampered else "intact"}
        passage.evidence[procedure] = changed
