"""The inspectors' desk over HTTP, as the officers of the demonstration have it."""

import hashlib
from collections.abc import Mapping

from kouan.simulator.http import Account, Sessions
from kouan.simulator.roles import Document
from kouan.vocabulary.errors import NotAllowed


class HttpInspectionDesk:
    """An InspectionDesk over HTTP: a first and a second person for each authority."""

    def __init__(self, sessions: Sessions, officers: Mapping[str, tuple[Account, Account]]) -> None:
        """``officers`` are by authority."""
        self._sessions = sessions
        self._officers = officers

    async def worklist(self) -> tuple[Document, ...]:
        """Return the examinations that go on."""
        return await self._items("site", "/examinations?limit=1000")

    async def sheet(self, number: str) -> Document | None:
        """Return one examination's sheet."""
        return await self._read("site", f"/examinations/{number}")

    async def arrived(self, number: str, bay: str) -> bool:
        """Note that a vehicle stands at its bay."""
        return await self._tell("site", f"/examinations/{number}/arrival", {"bay": bay})

    async def report(self, authority: str, number: str, step: int, report: Document) -> bool:
        """Report a step."""
        return await self._tell(authority, f"/examinations/{number}/steps/{step}/reports", report)

    async def answer(self, authority: str, number: str, answer: Document) -> bool:
        """Answer a control order; the password is given once more, as an override asks for."""
        told = {**answer, "password": self._officers[authority][0].password}
        return await self._tell(authority, f"/examinations/{number}/answers", told)

    async def agree(self, authority: str, number: str, order: str) -> bool:
        """Confirm an answer as the second person."""
        _, second = self._officers[authority]
        path = f"/examinations/{number}/answers/{order}/confirmation"
        return (await self._sessions.tell(second, path, {"password": second.password})).is_success

    async def picture(self, jpeg: bytes) -> str:
        """Bring a picture; raises NotAllowed where it is refused."""
        sha256 = hashlib.sha256(jpeg).hexdigest()
        first, headers = self._officers["customs"][0], {"content-type": "image/jpeg"}
        answer = await self._sessions.ask(first, "PUT", f"/images/{sha256}", content=jpeg, headers=headers)
        if not answer.is_success:
            raise NotAllowed(f"the image store answered {answer.status_code}")
        return sha256

    async def lots(self, state: str) -> tuple[Document, ...]:
        """Return the lots in a state."""
        return await self._items("customs", f"/release/lots?state={state}")

    async def lot(self, number: str) -> Document | None:
        """Return one lot with its samples."""
        return await self._read("customs", f"/release/lots/{number}")

    async def tell_lot(self, number: str, what: str, document: Document) -> bool:
        """Tell of a lot as customs."""
        return await self._tell("customs", f"/release/lots/{number}/{what}", document)

    async def attest(self, kind: str, document: Document) -> bool:
        """Issue a paper as customs."""
        return await self._tell("customs", f"/papers/attested/{kind}", document)

    async def _items(self, authority: str, path: str) -> tuple[Document, ...]:
        found = await self._read(authority, path)
        return () if found is None else tuple(found["items"])

    async def _read(self, authority: str, path: str) -> Document | None:
        answer = await self._sessions.ask(self._officers[authority][0], "GET", path)
        document: Document | None = answer.json() if answer.is_success else None
        return document

    async def _tell(self, authority: str, path: str, document: Document) -> bool:
        return (await self._sessions.tell(self._officers[authority][0], path, document)).is_success
