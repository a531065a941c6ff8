"""Brings a roster to a running port's API, from the machine on which it runs."""

from typing import Any

import httpx

from kouan.vocabulary.errors import InvalidValue, NotAllowed, Unavailable

TIMEOUT_S = 60.0
"""Longest wait for an answer. Our choice: a thousand duties, each a commit of its own on a busy disk."""


async def bring_roster(
    url: str, token: str, content: bytes, transport: httpx.AsyncBaseTransport | None = None
) -> dict[str, Any]:
    """Return what the port made of a file (``RosterImport``).

    Raises InvalidValue where it is no roster, NotAllowed where the token's account plans nobody, Unavailable where the
    port does not answer. ``transport`` is another way to the port than the network.
    """
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, transport=transport) as client:
            answer = await client.post(f"{url}/api/v1/duties/imports", content=content, headers=headers)
    except httpx.HTTPError as error:
        raise Unavailable(f"the port does not answer: {error}") from error
    if answer.is_success:
        report: dict[str, Any] = answer.json()
        return report
    if answer.status_code == 401:
        raise NotAllowed("the port does not know this token")
    if answer.status_code == 429 or answer.status_code >= 500:
        raise Unavailable(f"the port answered {answer.status_code}: try again later")
    said = answer.json()
    for wrong in said.get("errors") or ():
        if answer.status_code == 422:
            raise InvalidValue(wrong["field"], wrong["rule"], wrong["mend"])
        raise NotAllowed(wrong["mend"])
    raise NotAllowed(str(said.get("detail") or said.get("title")))
