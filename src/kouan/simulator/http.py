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


@dataclasses.dataclass(frozen=True)
class Account:
    """A user of the port, with the password of the demonstration's accounts."""

    username: str
    password: str = dataclasses.field(repr=False)


async def _ask(client: httpx.AsyncClient, method: str, path: str, **parts: Any) -> httpx.Response:
    """Return the answer; raise Unavailable where there is none, or one that says to come later."""
    try:
        answer = await client.request(method, f"{API}{path}", timeout=TIMEOUT_S, **parts)
    except httpx.HTTPError as error:
        raise Unavailable(f"{method} {path}: {error!r}") from error
    if answer.status_code in _BUSY:
        raise Unavailable(f"{method} {path}: {answer.status_code}")
    return answer


def _json(document: Document) -> dict[str, Any]:
    return {"content": msgspec.json.encode(document), "headers": {"content-type": "application/json"}}


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
            parts["headers"] |= self._bearer | {"idempotency-key": number}
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


class HttpOfficerDesk:
    """The desk as the duty officers of the demonstration have it: a first and a second person for each authority."""

    def __init__(self, base_url: str, officers: Mapping[str, tuple[Account, Account]]) -> None:
        """``officers`` are by authority; each person signs in once, and again when the session has ended."""
        self._officers = officers
        self._sessions = {
            person.username: httpx.AsyncClient(base_url=base_url, headers={"x-kouan-csrf": "1"})
            for pair in officers.values()
            for person in pair
        }
        self._signed_in: dict[str, bool] = {}
        self._authorities: dict[str, str] = {}
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.aclose()

    async def reviews(self) -> tuple[Document, ...]:
        """Return what waits, as each authority's first officer sees it."""
        found: dict[str, Document] = {}
        for authority, (first, _) in self._officers.items():
            answer = await self._as(first, "GET", "/reviews")
            for item in answer.json().get("items", ()) if answer.is_success else ():
                if item.get("authority") == authority:
                    found[str(item["passage"])] = item
                    self._authorities[str(item["passage"])] = authority
        return tuple(found.values())

    async def decide(self, passage: str, decision: Document) -> bool:
        """Decide as the first officer of the item's authority."""
        first, _ = self._pair(passage)
        answer = await self._as(
            first, "POST", f"/reviews/{passage}/decision", document={**decision, "password": first.password}
        )
        return answer.is_success

    async def confirm(self, passage: str, reason: str) -> bool:
        """Confirm as the second officer of the item's authority."""
        _, second = self._pair(passage)
        document = {"reason": reason, "password": second.password}
        answer = await self._as(second, "POST", f"/reviews/{passage}/confirmation", document=document)
        return answer.is_success

    async def hold(self, order: Document) -> bool:
        """Place a control order as the first officer of its authority."""
        first, _ = self._officers[str(order["authority"])]
        document = {name: value for name, value in order.items() if name != "authority"}
        answer = await self._as(first, "POST", "/holds", document=document)
        return answer.is_success

    async def open_lane(self, lane: str, reason: str) -> bool:
        """Take a lane into service again as the site's first officer."""
        first, _ = self._officers["site"]
        answer = await self._as(first, "POST", f"/lanes/{lane}/opening", document={"reason": reason})
        return answer.is_success

    def _pair(self, passage: str) -> tuple[Account, Account]:
        return self._officers[self._authorities.get(passage, next(iter(self._officers)))]

    async def _as(self, person: Account, method: str, path: str, document: Document | None = None) -> httpx.Response:
        session = self._sessions[person.username]
        parts = {} if document is None else _json(document)
        async with self._turn:
            if not self._signed_in.get(person.username):
                await self._sign_in(person, session)
            answer = await _ask(session, method, path, **parts)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                await self._sign_in(person, session)
                answer = await _ask(session, method, path, **parts)
        return answer

    async def _sign_in(self, person: Account, session: httpx.AsyncClient) -> None:
        answer = await _ask(session, "POST", "/session", **_json(msgspec.to_builtins(person)))
        self._signed_in[person.username] = answer.is_success
        if not answer.is_success:
            raise Unavailable(f"{person.username} could not sign in: {answer.status_code}")
