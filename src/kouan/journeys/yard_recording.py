"""Recording what was taken in of a visit, in one commit with the papers' word on it and the signature it leads to."""

from collections.abc import Awaitable, Callable

import msgspec

from kouan.ledger.roles import Ledger, UnitRefused
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Conflict, InvalidValue
from kouan.vocabulary.verdict import Refused
from kouan.yard.events import Command, Event, IssueExit
from kouan.yard.facts import ExceptionSigned, Fact, SeenLeaving, Signed
from kouan.yard.records import VisitRecord
from kouan.yard.roles import WriteOffs
from kouan.yard.settings import YardSettings
from kouan.yard.states import VisitState
from kouan.yard.units import is_conflict, refusal_of
from kouan.yard.use_cases import Books, Taken, take
from kouan.yard.visit import Step

Follow = Callable[[VisitState, tuple[Event, ...]], Awaitable[None]]
"""Is told where a visit stands and what was recorded of it."""

Sign = Callable[[IssueExit], Signed]
"""Signs the order that opens an exit, with a fresh nonce."""


def nobody_signs(issue: IssueExit) -> Signed:
    """Refuse to sign: this yard's exits are opened by a person. Raises InvalidValue (``yard.exit``)."""
    raise InvalidValue("exit", "yard.exit", f"{issue.order.line.exit} is no exit lane that this process may open")


class VisitRecording:
    """Takes facts in for ``YardVisits``, and tells whom it concerns once they are durable."""

    def __init__(
        self,
        settings: YardSettings,
        ledger: Ledger,
        write_offs: WriteOffs,
        tell: Callable[[Command], None],
        follow: Follow | None,
        sign: Sign,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._write_offs = write_offs
        self._tell = tell
        self._follow = follow
        self._sign = sign

    async def told(self, record: VisitRecord, fact: Fact, now: Instant, books: Books) -> Step | Refused:
        """Take a fact in; papers that refuse its net in the commit hold the vehicle, as where they refused before."""
        fact, taken = self._signed(record, fact, now, books)
        if isinstance(taken, Refused):
            return taken
        guard = await self._refused_at(taken)
        uncovered = None if guard is None else self._write_offs.refusal(guard)
        if uncovered is None:
            return await self._answered(taken, guard)
        books = msgspec.structs.replace(books, write_off=uncovered)
        return await self.append(take(record, fact, now, books, self._settings))

    def _signed(self, record: VisitRecord, fact: Fact, now: Instant, books: Books) -> tuple[Fact, Taken | Refused]:
        """Take a fact in together with the signature of the order that it leads to, so that both are one entry."""
        taken = take(record, fact, now, books, self._settings)
        if isinstance(taken, Refused) or not isinstance(fact, SeenLeaving | ExceptionSigned):
            return fact, taken
        asked = next((each for each in taken.step.commands if isinstance(each, IssueExit)), None)
        if asked is None:
            return fact, taken
        fact = msgspec.structs.replace(fact, signed=self._sign(asked))
        return fact, take(record, fact, now, books, self._settings)

    async def append(self, taken: Taken | Refused) -> Step | Refused:
        """Record what was taken in, or pass on why it was not; return where the visit stands and what it asks for."""
        return taken if isinstance(taken, Refused) else await self._answered(taken, await self._refused_at(taken))

    async def _refused_at(self, taken: Taken) -> str | None:
        """Record what was taken in; return the guard that refused it, empty where another fact took its place.

        Its entries' keys name the visit's next version: where somebody else's fact has them, this one is not recorded.
        """
        if taken.unit is None:
            return None
        try:
            answer = await self._ledger.append(taken.unit)
        except Conflict:  # some of the keys are another fact's, which had fewer entries
            return ""
        if isinstance(answer, UnitRefused):
            return answer.guard
        return "" if answer.repeated else None

    async def _answered(self, taken: Taken, guard: str | None) -> Step | Refused:
        """Tell whom it concerns of what stands, or return what the ledger's refusal means."""
        if guard is not None:
            return refusal_of("" if is_conflict(guard) else guard)
        for command in taken.step.commands:
            self._tell(command)
        if self._follow is not None:
            await self._follow(taken.step.state, taken.step.events)
        return taken.step
