"""The case: what is known of one vehicle at one instant, as rules and authorities look at it."""

from typing import TypeVar

import msgspec

from kouan.gate.evidence import (
    ContainersRead,
    DriverIdentified,
    Evidence,
    Failed,
    HealthChecked,
    PapersMatched,
    PlatesRead,
    Positioned,
    RadiationMeasured,
    SealRead,
    Weighed,
    procedure_of,
)
from kouan.gate.procedures import Authority, Procedure
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Reason

_Kind = TypeVar("_Kind", bound=Evidence)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a decision rests on, except the verdicts and exceptions.

    ``at`` is when the vehicle stopped: the rules in force then apply to the whole passage. ``required`` are the
    procedures whose evidence must be there, ``lacking`` those whose devices are out of service. ``revisions`` are the
    case files that each authority was sent last. ``holds`` were placed at the gate after the papers were matched, as
    ``<authority>:<kind>:<number>``; ``lifted`` are numbers of holds that no longer stand. ``contradicted`` are
    procedures of which two different readings came in. ``trouble`` is what happened to an order for this vehicle and
    needs a person.
    """

    passage: str
    port: str
    lane: str
    direction: Direction
    at: Instant
    epoch: int
    required: tuple[Procedure, ...]
    evidence: tuple[Evidence, ...]
    lacking: tuple[Procedure, ...] = ()
    revisions: tuple[tuple[Authority, int], ...] = ()
    holds: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()
    contradicted: tuple[Procedure, ...] = ()
    trouble: Reason | None = None

    def _find(self, kind: type[_Kind]) -> _Kind | None:
        for found in self.evidence:
            if isinstance(found, kind):
                return found
        return None

    @property
    def positioned(self) -> Positioned | None:
        """Return where and how the vehicle stands."""
        return self._find(Positioned)

    @property
    def plates(self) -> PlatesRead | None:
        """Return the plates that were read."""
        return self._find(PlatesRead)

    @property
    def containers(self) -> ContainersRead | None:
        """Return the containers that were read."""
        return self._find(ContainersRead)

    @property
    def seal(self) -> SealRead | None:
        """Return the seal that was read."""
        return self._find(SealRead)

    @property
    def weight(self) -> Weighed | None:
        """Return the gross weight."""
        return self._find(Weighed)

    @property
    def radiation(self) -> RadiationMeasured | None:
        """Return the portal's measurement."""
        return self._find(RadiationMeasured)

    @property
    def driver(self) -> DriverIdentified | None:
        """Return who drives, and how many sit in the cab."""
        return self._find(DriverIdentified)

    @property
    def health(self) -> HealthChecked | None:
        """Return health and disinfection."""
        return self._find(HealthChecked)

    @property
    def papers(self) -> PapersMatched | None:
        """Return the papers found for the vehicle."""
        return self._find(PapersMatched)

    @property
    def load(self) -> str | None:
        """Return ``loaded``, ``empty`` or ``empty_container`` as announced, or None while no papers are known."""
        return self.papers.load if self.papers else None

    @property
    def standing_holds(self) -> tuple[str, ...]:
        """Return the control orders in force on this vehicle, each once, those of the papers first."""
        found = (self.papers.holds if self.papers else ()) + self.holds
        return tuple(hold for hold in dict.fromkeys(found) if hold.split(":", 2)[-1] not in self.lifted)

    def failure(self, procedure: Procedure) -> str | None:
        """Return why this procedure has no evidence: its failure's cause, ``missing``, or None where it has some."""
        for found in self.evidence:
            if procedure_of(found) == procedure:
                return found.cause if isinstance(found, Failed) else None
        return "missing"

    def revision(self, authority: Authority) -> int | None:
        """Return the revision of the case file that this authority was sent last."""
        return next((number for name, number in self.revisions if name == authority), None)
