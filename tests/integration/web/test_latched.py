"""A lane whose controller opens for nobody does not look open: it goes out of service until a person takes it up."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from tests.integration.web.web_kit import WebPort, json_of, until

from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.lane_order.codec import sign_report
from kouan.protocols.lane_order.messages import ActuationOutcome, ControllerReport
from kouan.protocols.signed import lane_controller_key

CONTROLLER = PrivateKeySigner(lane_controller_key("ganqimaodu"), Ed25519PrivateKey.from_private_bytes(bytes(32)))


async def report(port: WebPort, rule: str, order_id: str = "reset-I3-1") -> None:
    """Let the lane controller report that it refused."""
    port.driver.roles = replace(port.driver.roles, keys={CONTROLLER.key_id: CONTROLLER.public_key})
    said = ControllerReport(
        controller="lane-controller", port="ganqimaodu", lane="I3", order_id=order_id,
        outcome=ActuationOutcome.REFUSED, rule=rule, at=port.clock.now(), uncertainty_us=100,
    )  # fmt: skip
    link = port.broker.device_link("lane-controller")
    await link.send("kouan/ganqimaodu/I3/controller/report", sign_report(CONTROLLER, said))
    received = await anext(aiter(port.link.receive()))
    port.driver.intake.take(received)


@pytest.mark.parametrize("rule", ["reset.before_latch", "reset.latched_again", "lane.latched"])
async def test_a_lane_that_is_latched_still_is_closed_with_an_alarm_until_a_person_opens_it(
    port: WebPort, rule: str
) -> None:
    lane = port.driver.lanes["I3"].lane
    assert lane.mode == "open"
    await report(port, rule)
    await until(lambda: port.driver.lanes["I3"].lane.mode == "closed")
    duty = await port.person("duty")
    alarm = json_of(await duty.get("/api/v1/overview"))["alarms"][0]
    assert (alarm["lane"], alarm["reason"]["code"]) == ("I3", "lane.latched")
    assert (await duty.post("/api/v1/lanes/I3/opening", json={"reason": "looked at it"})).status_code == 200
    assert port.driver.lanes["I3"].lane.mode == "open"


async def test_another_refusal_closes_no_lane(port: WebPort) -> None:
    await report(port, "order.expired", "some-order")
    assert port.driver.lanes["I3"].lane.mode == "open"
