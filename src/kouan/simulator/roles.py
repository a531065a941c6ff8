"""What the field needs from outside: time, tasks, the ways to the port's counters, and logs of what truly happened."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

Document = Mapping[str, Any]
"""A JSON object as it goes over HTTP or into a log; the only place where values are not typed more closely."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for a span in seconds of the field's own time, which ``speed`` makes shorter than the wall's."""

Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Runs a coroutine beside the others; whoever gives it keeps the tasks in an ordered list."""


class PapersOffice(Protocol):
    """Takes papers from brokers and carriers, and from customs' own system. Raises Unavailable when nobody answers."""

    async def submit(self, kind: str, document: Document) -> bool:
        """Hand in one document of ``kind`` confirmation, manifest or declaration; return whether it was accepted.

        Customs' own system hands in ``status``: a declaration's ``number``, and the ``status`` that it has now.
        """
        ...


class ImageStore(Protocol):
    """Keeps pictures at the edge of the port."""

    async def put(self, sha256: str, jpeg: bytes) -> None:
        """Store one JPEG under its SHA-256 in hex; raise Unavailable when nobody answers."""
        ...


class OfficerDesk(Protocol):
    """The desk at which duty officers sit. Every method raises Unavailable when nobody answers."""

    async def reviews(self) -> tuple[Document, ...]:
        """Return the review items that wait, as the console shows them."""
        ...

    async def decide(self, passage: str, decision: Document) -> bool:
        """Decide one item as the duty officer whose authority it asks for; return whether it was accepted."""
        ...

    async def confirm(self, passage: str, reason: str) -> bool:
        """Confirm another officer's decision as the second person; return whether it was accepted."""
        ...

    async def hold(self, order: Document) -> bool:
        """Place a control order on a plate or a container; return whether it was accepted."""
        ...

    async def open_lane(self, lane: str, reason: str) -> bool:
        """Take a lane into service again; return whether it was accepted."""
        ...


class LotsDesk(Protocol):
    """The lots' desk, as everybody reads it whose goods they are. Every method raises Unavailable."""

    async def lots(self, state: str) -> tuple[Document, ...]:
        """Return the lots in a state, the most urgent first."""
        ...

    async def lot(self, number: str) -> Document | None:
        """Return one lot with its samples; None where there is none."""
        ...


class InspectionDesk(LotsDesk, Protocol):
    """The examination yard and the lots' desk, as inspectors have them. Every method raises Unavailable."""

    async def worklist(self) -> tuple[Document, ...]:
        """Return the examinations that go on, as the console lists them."""
        ...

    async def sheet(self, number: str) -> Document | None:
        """Return one examination's sheet; None where there is none."""
        ...

    async def arrived(self, number: str, bay: str) -> bool:
        """Note, as the site's officer, that a vehicle stands at its bay; return whether that was accepted."""
        ...

    async def report(self, authority: str, number: str, step: int, report: Document) -> bool:
        """Report a step as the first officer of an authority; return whether it was accepted."""
        ...

    async def answer(self, authority: str, number: str, answer: Document) -> bool:
        """Answer an authority's own control order as its first officer; return whether it was accepted."""
        ...

    async def agree(self, authority: str, number: str, order: str) -> bool:
        """Confirm an answer as the second person of its authority; return whether it was accepted."""
        ...

    async def picture(self, jpeg: bytes) -> str:
        """Bring a picture and return its SHA-256 in hex."""
        ...

    async def tell_lot(self, number: str, what: str, document: Document) -> bool:
        """Tell, as customs' officer, of ``checks`` or ``samples`` of a lot; return whether it was accepted."""
        ...

    async def attest(self, kind: str, document: Document) -> bool:
        """Issue a ``laboratory_result`` or ``certificate`` as customs; return whether it was accepted."""
        ...


class YardDesk(Protocol):
    """The yard's office, as its clerks, its duty officer and border inspection have it; all raise Unavailable.

    Who does something returns whether it was accepted.
    """

    async def visits(self) -> tuple[Document, ...]:
        """Return the visits under way, and what each waits for."""
        ...

    async def stock(self) -> Document:
        """Return what lies there, by lot and by stack."""
        ...

    async def scales(self) -> tuple[Document, ...]:
        """Return how each scale stands."""
        ...

    async def begin(self, visit: str, place: str, temperature_dc: int | None = None) -> bool:
        """Begin to unload or load a vehicle at a stack."""
        ...

    async def tally(self, visit: str, moisture_bp: int, *, sound: bool) -> bool:
        """End it with the tally."""
        ...

    async def sample(self, visit: str, sample: str, mass_kg: int, seal: str) -> bool:
        """Take and seal a sample of what a vehicle brought."""
        ...

    async def mend(self, visit: str, how: str, reason: str) -> bool:
        """Say how a held vehicle goes on: ``weigh_again``, ``handle_again`` or ``turn_away``."""
        ...

    async def excuse(self, visit: str, reason: str) -> bool:
        """Excuse, as border inspection, the difference in people that holds a vehicle."""
        ...

    async def order(self, wanted: Document) -> bool:
        """Order a pick-up of released goods."""
        ...

    async def reset_exit(self, exit_: str, reason: str) -> bool:
        """Let an exit lane open again that opens for nobody."""
        ...

    async def adjusted(self, scale: str, reason: str) -> bool:
        """Take a scale into use again that was adjusted."""
        ...


class TruthLog(Protocol):
    """Takes lines of what truly happened, out of the platform's sight, and remembers the lanes' counters."""

    def append(self, line: Document) -> None:
        """Keep one line durably, in the order of the calls."""
        ...

    def last_tracks(self) -> Mapping[str, int]:
        """Return the last stop number of each lane in the lines kept so far, as a PLC's retentive memory would."""
        ...
