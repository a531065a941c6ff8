"""Requests made from the hub's own description, right and wrong ones, against the hub over real HTTP."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Self

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings
from tests.integration.web.hub_kit import HOUR_US, web_hub
from tests.integration.web.test_schemathesis import LIMITS
from tests.integration.web.test_schemathesis import check as judged

from kouan.network.views import Flow, RegionAlarm
from kouan.web.openapi import hub_document


class Served:
    """A hub with its own loop in a thread, behind uvicorn on a free tcp port."""

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
        async with web_hub(limits=LIMITS) as hub:
            now = hub.clock.now()
            hub.region.stands("ceke", heard_at=now, suspended="chain.fork")
            hub.region.raises(RegionAlarm("A-1", "ceke", now, 1, "region.suspended", {"rule": "chain.fork", "seq": 3}))
            hub.region.flows.append(Flow("ceke", now - now % HOUR_US, 5, 4, 1, 0))
            await hub.board.look()
            self.headers = {name: {"authorization": f"Bearer {token}"} for name, token in hub.tokens.items()}
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                config = uvicorn.Config(hub.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
                self._server = uvicorn.Server(config)
                serving = asyncio.create_task(self._server.serve(sockets=[listening]))
                while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
                    await asyncio.sleep(0.01)
                self._ready.set()
                await serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as running:
        yield running


schema = schemathesis.openapi.from_dict(hub_document()).include(tag="region").exclude(operation_id="watch_region")
schema.config.generation.update(with_security_parameters=False)
schema.config.checks.negative_data_rejection.expected_statuses = [
    *schema.config.checks.negative_data_rejection.expected_statuses,
    "413",
]


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_region_officer_gets_what_is_described(case: schemathesis.Case, served: Served):
    judged(case, served, "region")
