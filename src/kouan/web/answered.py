"""Idempotency keys: the same request under the same key is done once, and answered the same."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.responses import Response

from kouan.access.people import Principal
from kouan.access.roles import Answer
from kouan.access.use_cases import keep_answer_alone
from kouan.web.answers import json_bytes
from kouan.web.problems import FieldError, ProblemError
from kouan.web.services import CommonServices


async def request_digest(request: Request) -> str:
    """Return what tells one request from another: its method, path and body."""
    head = f"{request.method} {request.url.path}\n".encode()
    return hashlib.sha256(head + await request.body()).hexdigest()


class Turns:
    """Lets the requests of one key come one after the other; forgets a key that nobody waits for."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    async def do(self, key: str, act: Callable[[], Awaitable[Response]]) -> Response:
        """Do something once everybody before it under the same key has done."""
        lock, waiting = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, waiting + 1)
        try:
            async with lock:
                return await act()
        finally:
            lock, waiting = self._locks[key]
            if waiting == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, waiting - 1)


async def once(
    request: Request,
    services: CommonServices,
    caller: Principal,
    key: str | None,
    act: Callable[[], Awaitable[Response]],
) -> Response:
    """Do what is asked, or give the answer that it got before; a key used for another request is refused (409).

    Only what succeeded is remembered: what was refused changed nothing, and may be asked again.
    """
    if key is None:
        return await act()
    digest = await request_digest(request)
    turns: Turns = request.app.state.turns

    async def first() -> Response:
        before = await find_answer(services, caller, key, digest)
        if before is not None:
            return before
        response = await act()
        body = bytes(response.body)
        answer = Answer(caller.username, key, digest, response.status_code, body, services.clock.now())
        await services.ledger.append(keep_answer_alone(answer))
        return response

    return await turns.do(f"{caller.username} {key}", first)


async def find_answer(services: CommonServices, caller: Principal, key: str, digest: str) -> Response | None:
    """Return the answer given before under a key; raise ProblemError 409 where it was to another request."""
    kept = await services.accounts.find_answer(caller.username, key)
    if kept is None:
        return None
    if kept.request_sha256 != digest:
        mend = "use a fresh key: this one was used for another request"
        raise ProblemError(409, errors=[FieldError("Idempotency-Key", "request.idempotency_key", mend)])
    return json_bytes(bytes(kept.body), kept.status, {"idempotent-replayed": "true"})
