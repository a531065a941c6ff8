"""Asks a running hub over its API, from the machine on which it runs."""

from pathlib import Path
from typing import Any

import httpx

from kouan.access.people import Account, Agency, Role, Token
from kouan.access.roles import Accounts, record_params
from kouan.access.use_cases import save_account, secret_hash
from kouan.adapters.engines.data_folder import DataFolder
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Ledger, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import InvalidValue, NotAllowed, NotFound, Unavailable

CONSOLE_USER = "hub-console"
"""The account under which commands on the hub's own machine act; whoever reads its data folder is this account."""

_SECRET = "hub-console"  # noqa: S105 - the name of the file with the secret

TIMEOUT_S = 15.0
"""Longest wait for an answer. Our choice: longer than the hub's own patience with its database."""


async def make_console_account(folder: DataFolder, ledger: Ledger, accounts: Accounts, now: Instant) -> None:
    """Make the account of the hub's own machine, and its token, where they are missing."""
    if await accounts.find_account(CONSOLE_USER) is None:
        account = Account(CONSOLE_USER, "Console of the hub's machine", Agency.SITE, (Role.REGION_OFFICER,))
        await ledger.append(save_account(account, "hub", now))
    token = Token(secret_hash(folder.secret(_SECRET)), CONSOLE_USER, "console", now)
    key = f"hub-console:{token.secret_sha256[:16]}"
    draft = Draft("access.token_issued/1", CONSOLE_USER, key, canonical({"label": "console"}))
    await ledger.append(Unit((draft,), effects=(Statement("access.save_token", record_params(token)),)))


class HubClient:
    """The API of the hub that runs on a data folder."""

    def __init__(self, data: Path, token: str | None = None) -> None:
        """Find the hub; ``token`` is another account's. Raise NotFound where none runs on this data."""
        folder = DataFolder(data)
        addresses = folder.running().addresses
        if "region" not in addresses:
            raise NotFound(f"what runs on {folder.path} is no hub")
        self._base = f"{addresses['url']}/api/v1/region"
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {token or folder.secret(_SECRET)}"},
            timeout=TIMEOUT_S,
            trust_env=False,
        )

    def get(self, path: str) -> Any:
        """Return what the hub answers."""
        return self._ask("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        """Ask for a change; return the answer."""
        return self._ask("POST", path, json=body)

    def delete(self, path: str, **query: Any) -> None:
        """Ask that something ends."""
        self._ask("DELETE", path, params=query)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._client.request(method, self._base + path, **more)
        except httpx.HTTPError as error:
            raise Unavailable(f"the hub does not answer: {error}") from error
        if answer.status_code >= 400:
            raise _error(answer)
        return answer.json() if answer.content else None


def _error(answer: httpx.Response) -> Exception:
    try:
        problem = answer.json()
    except ValueError:
        return Unavailable(f"the hub answered {answer.status_code}")
    for found in problem.get("errors") or ():
        return InvalidValue(str(found.get("field")), str(found.get("rule")), str(found.get("mend")))
    return NotAllowed(str(problem.get("detail") or problem.get("title")))
