"""The field's ways over HTTP: papers, pictures and the duty officers' desk, as clients of the port's public API."""

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from kouan.simulator.roles import Document
from kouan.vocabulary.errors import NotAllowed, Unavailable

API = "/api/v1"
TIMEOUT_S = 10.0
"""Seconds after which a request counts as unanswered. Our choice."""

_PAPERS = {"confirmation": "confirmations", "manifest": "manifests", "declaration": "declarations"}
_BUSY = (429, 500, 502, 503, 504)
"""Answers after which the same request may succeed later (RFC 9110, RFC 6585)."""

_UNANSWERED = (httpx.HTTPError, AttributeError)
"""What a request raises that gets no answer. The latter is how httpcore 1.0 over uvloop says that a new connection was
closed before it could ask for its peer: power was cut at the other end."""


@dataclasses.dataclass(frozen=True)
class Account:
    """A user of the port, with the password of the demonstration's accounts."""

    username: str
    password: str = dataclasses.field(repr=False)


async def _ask(client: httpx.AsyncClient, method: str, path: str, **parts: Any) -> httpx.Response:
    """Return the answer; raise Unavailable where there is none, or one that says to come later."""
    try:
        answer = await client.request(method, f"{API}{path}", timeout=TIMEOUT_S, **parts)
    except _UNANSWERED as error:
        raise Unavailable(f"{method} {path}: {error!r}") from error
    if answer.status_code in _BUSY:
        raise Unavailable(f"{method} {path}: {answer.status_code}")
    return answer


def _json(document: Document) -> dict[str, Any]:
    return {"content": msgspec.json.encode(document), "headers": {"content-type": "application/json"}}


class Machine:
    """A machine of somebody's, which speaks with a token of its own."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._bearer = {"authorization": f"Bearer {token}"}

    async def tell(self, path: str, document: Document) -> httpx.Response:
        """Return the answer to a document that the machine sends; raises Unavailable."""
        parts = _json(document)
        parts["headers"] |= self._bearer
        return await _ask(self._client, "POST", path, **parts)


class HttpPapersOffice:
    """A PapersOffice over HTTP; a paper sent twice is one paper, by its number as idempotency key.

    ``refusals`` keeps the last answers that were no acceptance, for whoever looks into them.
    """

    def __init__(self, client: httpx.AsyncClient, token: str, customs_token: str = "") -> None:
        """``token`` is a machine's that may hand in papers, ``customs_token`` that of customs' own system."""
        self.refusals: list[str] = []
        self._client = client
        self._bearer = {"authorization": f"Bearer {token}"}
        self._customs = {"authorization": f"Bearer {customs_token}"}

    async def submit(self, kind: str, document: Document) -> bool:
        """Hand in one document; return whether it was accepted. Raises Unavailable."""
        number = str(document["number"])
        if kind == "status":
            parts = _json({"status": document["status"]})
            parts["headers"] |= self._customs
            answer = await _ask(self._client, "POST", f"/papers/declarations/{number}/status", **parts)
        else:
            parts = _json(document)
            issue = f"-{document['version']}" if document.get("version", 1) != 1 else ""
            parts["headers"] |= self._bearer | {"idempotency-key": f"{number}{issue}"}
            answer = await _ask(self._client, "POST", f"/papers/{_PAPERS[kind]}", **parts)
        if not answer.is_success:
            self.refusals = [*self.refusals[-9:], f"{kind} {number}: {answer.status_code} {answer.text}"]
        return answer.is_success


class HttpImageStore:
    """An ImageStore over HTTP."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        """``token`` is a machine's that may bring pictures."""
        self._client = client
        self._bearer = {"authorization": f"Bearer {token}"}

    async def put(self, sha256: str, jpeg: bytes) -> None:
        """Store one JPEG; raises Unavailable, or NotAllowed where the store refuses it."""
        headers = self._bearer | {"content-type": "image/jpeg"}
        answer = await _ask(self._client, "PUT", f"/images/{sha256}", content=jpeg, headers=headers)
        if not answer.is_success:
            raise NotAllowed(f"the image store answered {answer.status_code}")


class Sessions:
    """People who sign in as anybody does: each once, and again when the session has ended."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._sessions: dict[str, httpx.AsyncClient] = {}
        self._signed_in: set[str] = set()
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.aclose()

    async def ask(self, person: Account, method: str, path: str, **parts: Any) -> httpx.Response:
        """Return the answer that a person gets; raise Unavailable where there is none, or nobody may sign in."""
        async with self._turn:
            if person.username not in self._sessions:
                headers = {"x-kouan-csrf": "1"}
                self._sessions[person.username] = httpx.AsyncClient(base_url=self._base_url, headers=headers)
            session = self._sessions[person.username]
            if person.username not in self._signed_in:
                await self._sign_in(person, session)
            answer = await _ask(session, method, path, **parts)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                await self._sign_in(person, session)
                answer = await _ask(session, method, path, **parts)
        return answer

    async def tell(self, person: Account, path: str, document: Document) -> httpx.Response:
        """Return the answer to a document that a person sends."""
        return await self.ask(person, "POST", path, **_json(document))

    async def _sign_in(self, person: Account, session: httpx.AsyncClient) -> None:
        answer = await _ask(session, "POST", "/session", **_json(msgspec.to_builtins(person)))
        if not answer.is_success:
            self._signed_in.discard(person.username)
            raise Unavailable(f"{person.username} could not sign in: {answer.status_code}")
        self._signed_in.add(person.username)


class HttpOfficerDesk:
    """The desk as the duty officers of the demonstration have it: a first and a second person for each authority."""

    def __init__(self, sessions: Sessions, officers: Mapping[str, tuple[Account, Account]]) -> None:
        """``officers`` are by authority."""
        self._officers = officers
        self._sessions = sessions
        self._authorities: dict[str, str] = {}

    async def reviews(self) -> tuple[Document, ...]:
        """Return what waits, as each authority's first officer sees it."""
        found: dict[str, Document] = {}
        for authority, (first, _) in self._officers.items():
            answer = await self._sessions.ask(first, "GET", "/reviews")
            for item in answer.json().get("items", ()) if answer.is_success else ():
                if item.get("authority") == authority:
                    found[str(item["passage"])] = item
                    self._authorities[str(item["passage"])] = authority
        return tuple(found.values())

    async def decide(self, passage: str, decision: Document) -> bool:
        """Decide as the first officer of the item's authority."""
        first, _ = self._pair(passage)
        told = {**decision, "password": first.password}
        return (await self._sessions.tell(first, f"/reviews/{passage}/decision", told)).is_success

    async def confirm(self, passage: str, reason: str) -> bool:
        """Confirm as the second officer of the item's authority."""
        _, second = self._pair(passage)
        told = {"reason": reason, "password": second.password}
        return (await self._sessions.tell(second, f"/reviews/{passage}/confirmation", told)).is_success

    async def hold(self, order: Document) -> bool:
        """Place a control order as the first officer of its authority."""
        first, _ = self._officers[str(order["authority"])]
        document = {name: value for name, value in order.items() if name != "authority"}
        return (await self._sessions.tell(first, "/holds", document)).is_success

    async def open_lane(self, lane: str, reason: str) -> bool:
        """Take a lane into service again as the site's first officer."""
        first, _ = self._officers["site"]
        return (await self._sessions.tell(first, f"/lanes/{lane}/opening", {"reason": reason})).is_success

    def _pair(self, passage: str) -> tuple[Account, Account]:
        return self._officers[self._authorities.get(passage, next(iter(self._officers)))]
