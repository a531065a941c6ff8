"""Requests made from the API's own description, right and wrong ones, against the port over real HTTP."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Self

import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tests.integration.web.web_kit import WebPort, web_port

from kouan.web.openapi import document
from kouan.web.services import Limits, Rate

FAST = Rate(per_s=1e6, burst=1e6)
LIMITS = Limits(address=FAST, person=FAST, machine=FAST, sign_in=FAST, sign_ins=FAST)


class Served:
    """A port with its own loop in a thread, behind uvicorn on a free tcp port."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._server: uvicorn.Server
        self.url = ""
        self.headers: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    async def _serve(self) -> None:
        async with web_port(limits=LIMITS) as port:
            await port.arrive(seal={"number": "CN7654321"})
            await port.arrive("O1")
            await port.sign_head()
            await self._sign_in(port)
            await self._until_told(port.app)

    async def _until_told(self, app: FastAPI) -> None:
        """Serve an application, and tell that it is open."""
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
            self._server = uvicorn.Server(config)
            serving = asyncio.create_task(self._server.serve(sockets=[listening]))
            while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
                await asyncio.sleep(0.01)
            self._ready.set()
            await serving

    async def _sign_in(self, port: WebPort) -> None:
        for name in ("duty", "inspector"):
            client = await port.person(name)
            cookie = f"kouan_session={client.cookies['kouan_session']}"
            self.headers[name] = {"cookie": cookie, "x-kouan-csrf": "1"}
        for name in ("admin", "carrier", "camera"):
            self.headers[name] = {"authorization": f"Bearer {port.tokens[name]}"}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as running:
        yield running


schema = schemathesis.openapi.from_dict(document()).exclude(operation_id=["watch", "sign_out"])


schema.config.generation.update(with_security_parameters=False)
schema.config.checks.negative_data_rejection.expected_statuses = [
    *schema.config.checks.negative_data_rejection.expected_statuses,
    "413",
]


def check(case: schemathesis.Case, served: Served, caller: str) -> None:
    """Ask, and judge the answer by the description.

    Rules of business go beyond the description, so a refusal for one of them is right; one for the form of what the
    description itself allows is not.
    """
    response = case.call(base_url=served.url, headers=served.headers[caller])
    case.validate_response(response, headers=served.headers[caller], excluded_checks=[positive_data_acceptance])
    if case.meta is not None and case.meta.generation.mode.is_positive and response.status_code == 422:
        rules = [error["rule"] for error in response.json()["errors"]]
        assert not any(rule.startswith("request.") for rule in rules), rules


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_signed_in_person_gets_what_is_described(case: schemathesis.Case, served: Served):
    check(case, served, "duty")


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_machine_with_a_token_gets_what_is_described(case: schemathesis.Case, served: Served):
    name = "carrier" if "papers" in case.operation.tags else "camera" if "images" in case.operation.tags else "admin"
    check(case, served, name)
