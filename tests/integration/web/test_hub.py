"""What people at a port see of the hub of their region, and what they may not undo."""

import pytest
from tests.integration.web.web_kit import PORT, WebPort, json_of
from tests.unit.gate.passage_kit import NOON

from kouan.adapters.board.hub import HubBoard
from kouan.adapters.driver.region import RegionFollower
from kouan.adapters.memory.bulletins import MemoryBulletins
from kouan.inspection.control_orders import lift_order
from kouan.journeys.region_at_gate import RegionAtGate
from kouan.network.travel import Distances
from kouan.protocols.network.messages import HoldItem, Holds, WatchList
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import Refused
from kouan.wiring.gate_settings import load_rulebook, policy_of

pytestmark = pytest.mark.filterwarnings("error")
ITEM = HoldItem(number="R7", authority="customs", kind="detain", plate="1234УБА", reason="wanted in Erenhot")


def holds(version: int, *items: HoldItem, at: int = NOON) -> Holds:
    return Holds(
        region="inner-mongolia", port=PORT.name, version=version, issued_at=at, valid_until=at + 3600 * SECOND,
        items=items,
    )  # fmt: skip


def watch_list() -> WatchList:
    return WatchList(
        region="inner-mongolia", port=PORT.name, version=1, issued_at=NOON, valid_until=NOON + 3600 * SECOND, items=()
    )


async def join(port: WebPort) -> tuple[MemoryBulletins, RegionFollower]:
    """Give the port a hub."""
    bulletins = MemoryBulletins(port.clock)
    region = RegionAtGate(PORT.name, port.driver.roles.papers, bulletins, Distances({}), port.clock)
    policy = policy_of(PORT, load_rulebook(PORT), hub=True)
    hub = HubBoard(bulletins, region, lambda: policy, "nats://hub.example:4222")
    rules = port.driver.rules
    port.board.attend(tuple(port.driver.lanes.values()), lambda: rules.view(port.clock.now()), hub.view)
    return bulletins, RegionFollower(bulletins, port.driver, port.services.desk.holds)


async def overview(port: WebPort) -> dict:
    operator = await port.person("operator")
    port.board._mark("overview")
    answer = await operator.get("/api/v1/overview")
    assert answer.status_code == 200
    return json_of(answer)


async def test_a_port_without_a_hub_says_so(port: WebPort):
    assert (await overview(port))["hub"] is None


async def test_the_age_of_the_hubs_word_is_shown_and_when_it_is_too_old(port: WebPort):
    bulletins, _ = await join(port)
    never = (await overview(port))["hub"]
    assert (never["age_s"], never["connected"], never["stale"]) == (None, False, True)
    bulletins.hear(holds(3))
    assert (await overview(port))["hub"]["age_s"] is None, "what is watched for is not known yet"
    bulletins.hear(watch_list())
    fresh = (await overview(port))["hub"]
    assert (fresh["age_s"], fresh["connected"], fresh["stale"]) == (0, True, False)
    assert (fresh["versions"], fresh["max_age_s"]) == ({"holds": 3, "watch_list": 1}, 300)
    port.clock.advance(100)
    silent = (await overview(port))["hub"]
    assert (silent["age_s"], silent["connected"], silent["stale"]) == (100, False, False)
    port.clock.advance(201)
    assert (await overview(port))["hub"]["stale"]


async def test_a_wall_clock_that_is_set_back_makes_the_hub_no_younger(port: WebPort):
    bulletins, _ = await join(port)
    bulletins.hear(holds(1))
    bulletins.hear(watch_list())
    await overview(port)
    port.clock.advance(400)
    later, port.clock.monotonic = port.clock.now(), lambda: later
    port.clock.advance(-400)
    assert (await overview(port))["hub"]["age_s"] == 400


async def test_the_rules_in_force_are_named_with_their_origin(port: WebPort):
    await join(port)
    rules = (await overview(port))["rules"]
    book = port.policy.rulebook
    assert (rules["id"], rules["version"], rules["digest"]) == (book.id, book.version, book.digest)
    assert (rules["origin"], rules["since"], rules["next"]) == ("port file", None, None)


async def test_a_hold_of_the_hub_is_listed_by_its_authority_and_no_officer_here_lifts_it(port: WebPort):
    bulletins, follower = await join(port)
    bulletins.hear(holds(1, ITEM))
    await follower.start()
    inspector = await port.person("inspector")
    (listed,) = json_of(await inspector.get("/api/v1/holds"))["items"]
    assert (listed["number"], listed["authority"], listed["placed_by"]) == ("hub-R7-1", "customs", "hub inner-mongolia")
    assert listed["reason"] == "wanted in Erenhot"
    answer = await inspector.delete("/api/v1/holds/hub-R7-1?reason=mistake")
    assert answer.status_code == 409, answer.text
    order = await port.papers.find_order("hub-R7-1")
    assert isinstance(lift_order(order, "customs", "inspector", "mistake", port.clock.now()), Refused)
    assert len(await port.papers.orders_in_force(port.clock.now())) == 1


async def test_a_hold_of_the_hub_voids_an_order_that_is_on_its_way(port: WebPort):
    passage = await port.arrive()
    assert port.state() == "ordered"
    bulletins, follower = await join(port)
    bulletins.hear(holds(1, ITEM))
    await follower.start()
    assert port.driver.epochs["I3"] == 1
    assert port.driver.lanes["I3"].runner.state.void == "hold"
    assert (await port.board.passage(passage))["state"] == "ordered"


async def test_an_unknown_authority_or_kind_holds_all_the_same(port: WebPort):
    bulletins, follower = await join(port)
    strange = HoldItem(number="R8", authority="police", kind="arrest", container="CSQU3054383", reason="asked for")
    bulletins.hear(holds(1, strange))
    await follower.start()
    (hold,) = await port.papers.orders_in_force(port.clock.now())
    assert (hold.authority, hold.kind) == ("customs", "detain")


async def test_a_hold_on_nothing_is_an_alarm_and_stops_no_other(port: WebPort):
    bulletins, follower = await join(port)
    bulletins.hear(holds(1, HoldItem(number="R9", authority="customs", kind="detain", reason="?"), ITEM))
    await follower.start()
    assert [hold.number for hold in await port.papers.orders_in_force(port.clock.now())] == ["hub-R7-1"]
    (alarm,) = (await overview(port))["alarms"]
    assert alarm["reason"] == {"code": "network.hold_refused", "params": {"number": "R9", "rule": "hold.one_target"}}


async def test_the_passage_shows_how_old_the_hubs_word_was_when_it_was_decided(port: WebPort):
    passage = await port.arrive(papers={"hub_age_us": 42 * SECOND})
    operator = await port.person("operator")
    assert json_of(await operator.get(f"/api/v1/passages/{passage}"))["hub_age_us"] == 42 * SECOND
