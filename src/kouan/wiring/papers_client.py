"""Hands papers in at a running port's API, from the machine on which it runs."""

from collections.abc import Mapping
from typing import Any

import httpx

from kouan.inspection.fields import Violation, refused
from kouan.inspection.importing.columns import FileKind
from kouan.inspection.use_cases import Accepted
from kouan.journeys.import_papers import ATTESTED, Take
from kouan.ledger.roles import Unit
from kouan.vocabulary.errors import NotAllowed, Unavailable
from kouan.vocabulary.verdict import Refused

TIMEOUT_S = 15.0
"""Longest wait for an answer. Our choice: longer than the port's own patience with its database."""

_PATHS = {
    FileKind.CONFIRMATION: "confirmations",
    FileKind.MANIFEST: "manifests",
    FileKind.DECLARATION: "declarations",
}


class PapersClient:
    """The API of the port at an address, asked under a token."""

    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """``transport`` is another way to the port than the network."""
        self._client = httpx.AsyncClient(
            base_url=f"{url}/api/v1/papers",
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
            trust_env=False,
            transport=transport,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def takers(self) -> Mapping[FileKind, Take]:
        """Return how each kind of document is handed in; the port says what the token's account may not."""
        return {kind: self._taker(kind) for kind in FileKind}

    def _taker(self, kind: FileKind) -> Take:
        async def take(document: Any) -> Accepted | Refused:
            path, body = _request(kind, document)
            return await self._ask(path, body)

        return take

    async def _ask(self, path: str, body: Any) -> Accepted | Refused:
        try:
            answer = await self._client.post(f"/{path}", json=body)
        except httpx.HTTPError as error:
            raise Unavailable(f"the port does not answer: {error}") from error
        if answer.status_code == 401:
            raise NotAllowed("the port does not know this token")
        if answer.status_code == 429 or answer.status_code >= 500:
            raise Unavailable(f"the port answered {answer.status_code}: try again later")
        said = answer.json()
        if answer.is_success:
            return Accepted(said["number"], said["version"], None if said["repeated"] else Unit(()))
        found = [Violation(each["field"], each["rule"], each["mend"]) for each in said.get("errors") or ()]
        return refused(found or [Violation("", "request.refused", str(said.get("detail") or said.get("title")))])


def _request(kind: FileKind, document: Any) -> tuple[str, Any]:
    if kind in _PATHS:
        return _PATHS[kind], document
    if kind is FileKind.STATUS:
        return f"declarations/{document.get('number', '')}/status", {"status": document.get("status")}
    group = "attested" if kind in ATTESTED else "supporting"
    return f"{group}/{kind}", document
