"""People at the port's counters in process: what HTTP does for a live port, with the same accounts and powers."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from kouan.access.people import Principal
from kouan.access.policy import may
from kouan.access.words import Action
from kouan.gate.moves import reviewer_of
from kouan.gate.procedures import Authority
from kouan.gate.states import InReview
from kouan.gate.views import review_queue
from kouan.inspection.control_orders import read_order
from kouan.inspection.papers import DeclarationStatus
from kouan.inspection.use_cases import Accepted
from kouan.simulator.roles import Document
from kouan.vocabulary.errors import NotFound, Unavailable
from kouan.vocabulary.verdict import GRANTED, Granted, Refused
from kouan.wiring.demo import OFFICERS, people
from kouan.wiring.twin.node import asking
from kouan.wiring.twin.platform import Platform
from kouan.wiring.twin.watched import Tell

_ORDERED = ("kind", "reason", "plate", "container", "consignment", "declaration")
"""What an officer says of a control order; whose it is goes by who he is."""


def _principals() -> Mapping[str, Principal]:
    return {
        account.username: Principal(account.username, account.display_name, account.agency, account.roles)
        for account in people()
    }


class Office:
    """The field's PapersOffice over a platform that may be dead, or die over a paper."""

    def __init__(self, platform: Platform, tell: Tell) -> None:
        self.refusals: list[str] = []
        self._platform = platform
        self._tell = tell

    async def submit(self, kind: str, document: Document) -> bool:
        """Hand in one document; return whether it was accepted. Raises Unavailable."""
        answer = await asking(self._platform, lambda: self._take(kind, document))
        if isinstance(answer, Refused):
            self.refusals.append(f"{kind}: {answer.reasons}")
            return False
        said = "declaration" if kind == "status" else kind
        self._tell("people", "acknowledged", {"what": said, "number": document["number"]})
        return True

    def _take(self, kind: str, document: Document) -> Coroutine[Any, Any, Accepted | Refused]:
        counter = self._platform.counter
        if kind == "status":
            return counter.status(document["number"], DeclarationStatus(document["status"]))
        take = {"confirmation": counter.confirmation, "manifest": counter.manifest}.get(kind, counter.declaration)
        return take(document)


class Desk:
    """The field's OfficerDesk: a first and a second person for each authority, who do what their accounts may do."""

    def __init__(self, platform: Platform, tell: Tell) -> None:
        self._platform = platform
        self._tell = tell
        self._principals = _principals()
        self._authorities: dict[str, str] = {}

    async def reviews(self) -> tuple[Document, ...]:
        """Return what waits, as each authority's first officer sees it."""
        self._attend()
        driver = self._platform.driver
        recorded = (lane.recorded for lane in driver.lanes.values())
        waiting = [state for state in recorded if isinstance(state, InReview)]
        if not waiting:
            return ()
        rulebook = driver.policy.rulebook
        found: dict[str, Document] = {}
        for authority in Authority:
            own = [state for state in waiting if reviewer_of(state.decision) is authority]
            for item in review_queue(own, rulebook, authority):
                found[item["passage"]] = item
                self._authorities[item["passage"]] = authority.value
        return tuple(found.values())

    async def decide(self, passage: str, decision: Document) -> bool:
        """Decide as the first officer of the item's authority."""
        return await self.decide_as(self._authorities.get(passage, next(iter(OFFICERS))), passage, decision)

    async def decide_as(
        self, authority: str, passage: str, decision: Document, *, second: bool = False, stepped_up: bool = True
    ) -> bool:
        """Decide as the first officer of an authority, or the second, who has just signed in again or has not."""
        by = self._officer(authority, second=second)
        self._attend()
        return await self._told(
            "decision",
            passage,
            by,
            Action.REVIEW,
            lambda: self._platform.desk.decide(
                passage,
                by,
                str(decision["action"]),
                str(decision["reason"]),
                rule=decision.get("rule"),
                corrections=decision.get("corrections", {}),
                stepped_up=stepped_up,
            ),
        )

    async def confirm(self, passage: str, reason: str) -> bool:
        """Confirm as the second officer of the item's authority."""
        return await self.confirm_as(self._authorities.get(passage, next(iter(OFFICERS))), passage, reason)

    async def confirm_as(self, authority: str, passage: str, reason: str, *, second: bool = True) -> bool:
        """Confirm as the second officer of an authority, or the first."""
        by = self._officer(authority, second=second)
        self._attend()
        return await self._told(
            "confirmation", passage, by, Action.CONFIRM,
            lambda: self._platform.desk.confirm(passage, by, reason, stepped_up=True),
        )  # fmt: skip

    async def hold(self, order: Document) -> bool:
        """Place a control order as the first officer of its authority."""
        return await self.place(order) is not None

    async def place(self, order: Document) -> str | None:
        """Place a control order as the first officer of its authority; return its number, None where it was refused."""
        by = self._officer(str(order["authority"]))
        asked = read_order({name: order[name] for name in _ORDERED if order.get(name) is not None})
        self._attend()
        if isinstance(asked, Refused) or may(by, Action.PLACE_HOLD) != GRANTED:
            return None
        number = await asking(
            self._platform,
            lambda: self._platform.desk.place_hold(by, asked),
        )
        if isinstance(number, Refused):
            return None
        said = {"what": "hold", "number": number, "plate": order.get("plate"), "authority": order["authority"]}
        self._tell("people", "acknowledged", said)
        return number

    async def lift(self, number: str, authority: str, reason: str) -> bool:
        """Lift a hold as the first officer of an authority, its own or another."""
        by = self._officer(authority)
        self._attend()
        return await self._told(
            "lifting", number, by, Action.PLACE_HOLD, lambda: self._platform.desk.lift_hold(number, by, reason)
        )

    async def open_lane(self, lane: str, reason: str) -> bool:
        """Take a lane into service again as the site's first officer."""
        by = self._officer("site")
        self._attend()
        return await self._told(
            "opening", lane, by, Action.STEER_LANE, lambda: self._platform.desk.open_lane(lane, by, reason)
        )

    def _officer(self, authority: str, *, second: bool = False) -> Principal:
        return self._principals[OFFICERS[authority][1 if second else 0]]

    def _attend(self) -> None:
        if not self._platform.alive or not hasattr(self._platform, "desk"):
            raise Unavailable("the platform is dead")

    async def _told(
        self, what: str, number: str, by: Principal, action: Action, ask: Callable[[], Awaitable[Granted | Refused]]
    ) -> bool:
        if may(by, action) != GRANTED:
            return False
        try:
            answer = await asking(self._platform, ask)
        except NotFound:
            return False
        if isinstance(answer, Refused):
            return False
        self._tell("people", "acknowledged", {"what": what, "number": number, "by": by.username})
        return True
