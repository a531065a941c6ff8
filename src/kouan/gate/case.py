"""The case: what is known of one vehicle at one instant, as rules and authorities look at it."""

from typing import TypeVar

import msgspec

from kouan.gate.evidence import (
    NEVER_HEARD_US,
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

    ``at`` is when the vehicle stopped: the rules in force then apply to the whole passage. ``judged_at`` is when it is
    decided on, which ``decide`` fills in; ``hub_heard_at`` when the hub was heard last, where that was asked after the
    papers were found. ``whys`` says of holds placed at the gate why, by number. ``required`` are the
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
    whys: dict[str, str] = {}
    hub_heard_at: Instant | None = None
    judged_at: Instant | None = None

    def _find(self, kind: type[_Kind]) -> _Kind | None:
        for found in self.evidence:
            if type(found) is kind:  # asked hundreds of times a decision, and isinstance is slower
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
        papers, driver = self.papers, self.driver
        found = (papers.holds if papers else ()) + self.holds + (driver.watched if driver else ())
        return tuple(hold for hold in dict.fromkeys(found) if hold.split(":", 2)[-1] not in self.lifted)

    def why(self, number: str) -> str:
        """Return why a vehicle or person is watched for under this number; empty where nobody said."""
        papers, driver = self.papers, self.driver
        told = (papers.hold_reasons if papers else {}, driver.hold_reasons if driver else {}, self.whys)
        return next((reasons[number] for reasons in told if number in reasons), "")

    @property
    def hub_age_us(self) -> int | None:
        """Return how old the hub's word is when this is judged, in microseconds; None where the port has no hub.

        ``NEVER_HEARD_US`` where it was never heard.
        """
        heard_at = self.hub_last_heard
        return None if heard_at is None else min(max(self._now - heard_at, 0), NEVER_HEARD_US)

    @property
    def hub_last_heard(self) -> Instant | None:
        """Return when the hub was heard last, as far as this case knows; None where the port has no hub."""
        papers = self.papers
        if papers is None or papers.hub_age_us is None:
            return None
        return max(papers.at - papers.hub_age_us, self.hub_heard_at or -NEVER_HEARD_US)

    @property
    def pre_authorised(self) -> bool:
        """Say whether the vehicle is let pass beforehand, at the instant at which this is judged."""
        papers = self.papers
        if papers is None or not papers.pre_authorised:
            return False
        begun = papers.permit_from is None or papers.permit_from <= self._now
        return begun and (papers.permit_until is None or self._now < papers.permit_until)

    @property
    def _now(self) -> Instant:
        return self.at if self.judged_at is None else self.judged_at

    def failure(self, procedure: Procedure) -> str | None:
        """Return why this procedure has no evidence: its failure's cause, ``missing``, or None where it has some."""
        for found in self.evidence:
            if procedure_of(found) == procedure:
                return found.cause if isinstance(found, Failed) else None
        return "missing"

    def revision(self, authority: Authority) -> int | None:
        """Return the revision of the case file that this authority was sent last."""
        return next((number for name, number in self.revisions if name == authority), None)
