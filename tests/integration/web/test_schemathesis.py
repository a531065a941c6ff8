"""Requests made from the API's own description, right and wrong ones, against the port over real HTTP."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings

from kouan.web.services import Limits, Rate
from tests.integration.web.web_kit import WebPort, web_port

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

    def __enter__(self) -> "Served":
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
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                config = uvicorn.Config(port.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
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


@pytest.fixture
def api(served: Served) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{served.url}/api/v1/openapi.json")


schema = schemathesis.pytest.from_fixture("api").exclude(operation_id=["watch", "sign_out"])


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_signed_in_person_gets_what_is_described(case: schemathesis.Case, served: Served):
    case.call_and_validate(headers=served.headers["duty"])


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_machine_with_a_token_gets_what_is_described(case: schemathesis.Case, served: Served):
    name = "carrier" if "papers" in case.operation.tags else "camera" if "images" in case.operation.tags else "admin"
    case.call_and_validate(headers=served.headers[name])
