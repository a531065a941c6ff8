"""Requests made from the hub's own description, right and wrong ones, against the hub over real HTTP."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from tests.integration.web.hub_kit import HOUR_US, web_hub
from tests.integration.web.test_schemathesis import LIMITS, Served
from tests.integration.web.test_schemathesis import check as judged

from kouan.network.views import Flow, RegionAlarm
from kouan.web.openapi import hub_document


class ServedHub(Served):
    """A hub with its own loop in a thread, behind uvicorn on a free tcp port."""

    async def _serve(self) -> None:
        async with web_hub(limits=LIMITS) as hub:
            now = hub.clock.now()
            hub.region.stands("ceke", heard_at=now, suspended="chain.fork")
            hub.region.raises(RegionAlarm("A-1", "ceke", now, 1, "region.suspended", {"rule": "chain.fork", "seq": 3}))
            hub.region.flows.append(Flow("ceke", now - now % HOUR_US, 5, 4, 1, 0))
            await hub.board.look()
            self.headers = {name: {"authorization": f"Bearer {token}"} for name, token in hub.tokens.items()}
            await self._until_told(hub.app)


@pytest.fixture(scope="module")
def served() -> Iterator[ServedHub]:
    with ServedHub() as running:
        yield running


schema = schemathesis.openapi.from_dict(hub_document()).include(tag="region").exclude(operation_id="watch_region")
schema.config.generation.update(with_security_parameters=False)
schema.config.checks.negative_data_rejection.expected_statuses = [
    *schema.config.checks.negative_data_rejection.expected_statuses,
    "413",
]


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_region_officer_gets_what_is_described(case: schemathesis.Case, served: ServedHub):
    judged(case, served, "region")
