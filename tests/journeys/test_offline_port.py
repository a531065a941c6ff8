"""An edge cut off from its hub for hours serves whom policy allows and nobody else, and comes back."""

import asyncio
import itertools
import zlib

import msgspec
import pytest
from msgspec.structs import replace
from tests.journeys.hub_kit import HOUR, MINUTE, OPENING, PORT, Edge, live, nothing, permit

from kouan.adapters.memory.bulletins import MemoryBulletins
from kouan.adapters.policies import replay_of
from kouan.gate.offline import offline_rule, with_offline_rule
from kouan.gate.rulebook import parse_rulebook
from kouan.ledger.entries import canonical
from kouan.network.roles import Kept
from kouan.protocols.network.messages import (
    BulletinKind,
    HoldItem,
    PreAuthorisedItem,
    RulebookItem,
    SightingItem,
    WatchItem,
)
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.places import Direction
from kouan.wiring.port_file import folder

CUT = OPENING + 10 * MINUTE
BACK = CUT + 2 * HOUR
END = BACK + 15 * MINUTE
MOST_US = 300 * SECOND
TEXT = (folder() / "rulebooks/ganqimaodu.toml").read_text(encoding="utf-8")


def plates_of(edge: Edge) -> list[str]:
    """Return the plates that stopped, in their order, each once."""
    read = [body["fact"]["evidence"] for body in edge.bodies("gate.evidence/1")]
    return list(dict.fromkeys(found["tractor"] for found in read if found["type"] == "plates" and found["tractor"]))


@pytest.fixture(scope="module")
def plates() -> list[str]:
    """Return who comes to this port: the same seed brings the same lorries, whatever becomes of them."""
    return plates_of(live(OPENING + 8 * MINUTE, nothing, with_hub=False))


KINDS: tuple[dict[str, object] | None, ...] = ({}, {"low_risk": False}, {"expires_at": CUT + HOUR}, None)
"""Permits of a hub that foresaw who would come: good ones, ones of no low risk, ones that end during the cut, none."""


def permit_of(plate: str) -> PreAuthorisedItem | None:
    more = KINDS[zlib.crc32(plate.encode()) % len(KINDS)]
    return None if more is None else permit(plate, **more)


class Foreseeing(MemoryBulletins):
    """Bulletins of a hub that gave permits before the cut to those who announce themselves after it began."""

    edge: Edge

    def latest(self, kind: BulletinKind) -> Kept | None:
        kept = super().latest(kind)
        if kind is not BulletinKind.PRE_AUTHORISED or kept is None:
            return kept
        rows = self.edge.twin.disk.tables.rows("papers_confirmations")
        items = [item for plate in sorted({row["plate"] for row in rows}) if (item := permit_of(plate)) is not None]
        return replace(kept, bulletin=replace(kept.bulletin, items=tuple(items)))


@pytest.fixture(scope="module")
def cut() -> Edge:
    async def story(edge: Edge) -> None:
        edge.hub.bulletins.edge = edge  # type: ignore[attr-defined]
        for kind in BulletinKind:
            edge.say(kind.value, 1)
        await edge.until(CUT)
        edge.hub.cut = True
        await edge.until(BACK)
        edge.hub.cut = False
        edge.hub.bulletins.hear_again()

    return live(END, story, make=Foreseeing)


def heard_at(at: int) -> int:
    """Return when the hub was last heard, at an instant: it speaks every 20 s, except between CUT and BACK."""
    if CUT <= at < BACK:
        return CUT - 20 * SECOND
    return at


def test_while_the_hub_is_gone_nobody_is_released_but_whom_it_had_allowed(cut: Edge) -> None:
    released, withheld = 0, 0
    for decision, papers in cut.decisions():
        at = decision["at"]
        if at - heard_at(at) <= MOST_US or decision["outcome"] != "RELEASE":
            withheld += decision["outcome"] != "RELEASE" and at - heard_at(at) > MOST_US
            continue
        released += 1
        item = permit_of(cut_plate(cut, decision["passage"]))
        assert item is not None, "released without a permit"
        assert item.low_risk
        assert item.not_before <= at < item.expires_at
        assert papers["permit"].startswith("pre_authorised@1/")
        assert papers["hub_age_us"] is not None
    assert released > 10, "the port served whom it may"
    assert withheld > 10, "there were others whom it may not"


def cut_plate(edge: Edge, passage: str) -> str:
    return next(
        body["fact"]["evidence"]["tractor"]
        for entry in edge.twin.disk.ledger(PORT).entries
        if entry.stream == passage and entry.kind == "gate.evidence/1"
        for body in [msgspec.json.decode(entry.body)]
        if body["fact"]["evidence"]["type"] == "plates"
    )


def test_the_port_serves_to_the_end_of_the_cut(cut: Edge) -> None:
    closed = [body["at"] for body in cut.bodies("gate.closed/1")]
    quarters = [CUT + n * HOUR // 4 for n in range(9)]
    assert all(any(start <= at < end for at in closed) for start, end in itertools.pairwise(quarters))


def test_once_the_hub_is_back_everybody_is_served_again(cut: Edge) -> None:
    after = [
        decision
        for decision, papers in cut.decisions()
        if decision["at"] > BACK + 2 * MINUTE and decision["outcome"] == "RELEASE" and not papers["pre_authorised"]
    ]
    assert after


def test_before_the_cut_everybody_was_served(cut: Edge) -> None:
    before = [decision["outcome"] for decision, _ in cut.decisions() if decision["at"] < CUT]
    assert len(before) > 20
    assert set(before) == {"RELEASE"}


def test_the_reasons_tell_apart_why_a_vehicle_was_not_served(cut: Edge) -> None:
    codes = {finding["reason"]["code"] for decision, _ in cut.decisions() for finding in decision["findings"]}
    assert codes == {"network.hub_stale", "network.not_low_risk", "network.permit_over"}


def test_the_ports_people_are_told_once_that_the_hub_fell_silent_and_once_that_it_is_back(cut: Edge) -> None:
    assert [reason.code for reason in cut.alarms.raised if reason.code.startswith("network.")] == ["network.hub_silent"]
    told = [what for what, code in cut.alarms.told if code == "network.hub_silent"]
    assert told[told.index("raised") :] == ["raised", "over"]


def test_every_offline_decision_replays(cut: Edge) -> None:
    passages = [decision["passage"] for decision, _ in cut.decisions() if CUT < decision["at"] < BACK]

    async def all_faithful() -> bool:
        ledger = cut.twin.platform.ledger
        return all([(await replay_of(ledger, passage)).faithful for passage in passages[::10]])

    assert asyncio.run(all_faithful())


# -- holds, watch lists, sightings and rulebooks from the hub


def hold(number: str, plate: str, **more: str) -> HoldItem:
    return HoldItem(number=number, plate=plate, **{"authority": "customs", "kind": "detain", "reason": "order"} | more)


def codes_for(edge: Edge, plate: str) -> list[str]:
    """Return why the vehicle with this plate was not released, each reason once; empty where it was."""
    found = [
        finding["reason"]["code"]
        for decision, _ in edge.decisions()
        if cut_plate(edge, decision["passage"]) == plate
        for finding in decision["findings"]
    ]
    return list(dict.fromkeys(found))


def test_a_hold_of_the_hub_stands_until_the_newest_bulletin_no_longer_has_it(plates: list[str]) -> None:
    first, late = plates[0], plates[12]

    async def story(edge: Edge) -> None:
        edge.say("holds", 1, hold("R1", first), hold("R2", late))
        await edge.until(OPENING + MINUTE)
        edge.say("holds", 2, hold("R1", first))

    edge = live(OPENING + 12 * MINUTE, story)
    assert codes_for(edge, first) == ["hold.detain"]
    assert codes_for(edge, late) == []
    placed = [body["number"] for body in edge.bodies("papers.order_placed/1")]
    lifted = [body["number"] for body in edge.bodies("papers.order_lifted/1")]
    assert (placed, lifted) == (["hub-R1-1", "hub-R2-1"], ["hub-R2-1"])


def test_a_hold_that_was_taken_back_and_comes_again_holds_again(plates: list[str]) -> None:
    async def story(edge: Edge) -> None:
        for version, items in ((1, [hold("R1", plates[0])]), (2, []), (3, [hold("R1", plates[0])])):
            edge.say("holds", version, *items)
            await edge.until(edge.clock.now() + SECOND)

    edge = live(OPENING + 2 * MINUTE, story)
    assert [body["number"] for body in edge.bodies("papers.order_placed/1")] == ["hub-R1-1", "hub-R1-3"]
    assert "hold.detain" in codes_for(edge, plates[0])


def test_the_hubs_holds_outlive_a_crash_and_are_placed_once(plates: list[str]) -> None:
    async def story(edge: Edge) -> None:
        edge.say("holds", 1, hold("R1", plates[0]))
        await edge.until(OPENING + 5 * SECOND)
        edge.twin.platform.crash()

    edge = live(OPENING + 2 * MINUTE, story)
    assert [body["number"] for body in edge.bodies("papers.order_placed/1")] == ["hub-R1-1"]
    assert "hold.detain" in codes_for(edge, plates[0])


def test_a_hold_raises_the_epoch_of_every_lane_in_which_a_vehicle_stands(plates: list[str]) -> None:
    async def story(edge: Edge) -> None:
        edge.say("holds", 1)
        await edge.until(OPENING + 6 * SECOND)
        edge.say("holds", 2, hold("R1", "蒙A99999"), hold("R2", "蒙A99998"))

    edge = live(OPENING + MINUTE, story)
    seen = [body["fact"]["epoch"] for body in edge.bodies("gate.hold_seen/1")]
    assert seen
    assert set(seen) == {1}, "two holds of one bulletin raise it once"


def test_what_is_watched_for_is_held_and_why_is_said(plates: list[str]) -> None:
    async def story(edge: Edge) -> None:
        watched = WatchItem(plate=plates[0], reason="seen with cigarettes", authority="border_inspection")
        edge.say("watch_list", 1, watched)

    edge = live(OPENING + 2 * MINUTE, story)
    (finding,) = [
        finding
        for decision, _ in edge.decisions()
        if cut_plate(edge, decision["passage"]) == plates[0]
        for finding in decision["findings"]
    ]
    assert (finding["reason"]["code"], finding["authority"]) == ("hold.watch", "border_inspection")
    assert finding["reason"]["params"]["why"] == "seen with cigarettes"
    assert finding["outcome"] == "HOLD"


def test_a_plate_that_another_port_saw_just_now_is_held(plates: list[str]) -> None:
    near, far = plates[0], plates[1]

    async def story(edge: Edge) -> None:
        seen = {"port": "erenhot-road", "lane": "O1", "direction": Direction.OUT}
        long_ago, just_now = OPENING - 6 * HOUR, OPENING - 20 * MINUTE
        items = [SightingItem(plate=far, at=long_ago, **seen), SightingItem(plate=near, at=just_now, **seen)]
        edge.say("sightings", 1, *items)

    edge = live(OPENING + 2 * MINUTE, story)
    assert codes_for(edge, near)[0] == "plates.impossible_travel"
    assert codes_for(edge, far) == []


def book(version: int, limit_kg: int) -> str:
    """Return the port's rulebook as the hub would publish it, with another limit on a lorry's weight."""
    text = TEXT.replace("\nversion = 1\n", f"\nversion = {version}\n", 1)
    return text.replace("per_axle_kg = 13_000", f"per_axle_kg = {limit_kg}")


def rules(version: int, text: str, since: int) -> RulebookItem:
    return RulebookItem(name="ganqimaodu", version=str(version), effective_from=since, text=text)


def test_a_rulebook_of_the_hub_is_in_force_from_its_instant_on_and_replays() -> None:
    since = OPENING + 3 * MINUTE

    async def story(edge: Edge) -> None:
        edge.say("rulebook", 1, rules(2, book(2, 1_000), since))

    edge = live(OPENING + 6 * MINUTE, story)
    began = {body["fact"]["passage"]: body["at"] for body in edge.bodies("gate.passage_opened/1")}
    by_hub = {decision["passage"]: decision["rulebook"].startswith("ganqimaodu@2#") for decision, _ in edge.decisions()}
    assert by_hub == {passage: began[passage] >= since for passage in by_hub}
    assert set(by_hub.values()) == {True, False}
    digests = {body["policy"] for body in edge.bodies("gate.passage_opened/1")}
    recorded = {entry.stream for entry in edge.twin.disk.ledger(PORT).entries if entry.kind == "gate.policy/1"}
    assert len(digests) == 2
    assert digests <= recorded


def test_a_rulebook_that_does_not_parse_is_kept_out_with_an_alarm_that_names_field_and_rule() -> None:
    async def story(edge: Edge) -> None:
        edge.say("rulebook", 1, rules(2, book(2, 1_000), OPENING))
        await edge.until(OPENING + MINUTE)
        broken = book(3, 1_000).replace('check = "seal_intact"', 'check = "seal_blue"')
        edge.say("rulebook", 2, rules(3, broken, OPENING))
        await edge.until(OPENING + 2 * MINUTE)
        edge.twin.platform.crash()

    edge = live(OPENING + 5 * MINUTE, story)
    reasons = [reason for reason in edge.alarms.raised if reason.code == "network.rulebook_refused"]
    assert reasons
    assert reasons[0].params["rule"] == "rulebook.unknown_rule"
    assert str(reasons[0].params["field"]).endswith(".check")
    (refused,) = edge.bodies("gate.rulebook_refused/1")
    assert (refused["name"], refused["version"]) == ("ganqimaodu", "3")
    late = [decision for decision, _ in edge.decisions() if decision["at"] > OPENING + 3 * MINUTE]
    assert late
    assert all(decision["rulebook"].startswith("ganqimaodu@2#") for decision in late), "what was in force stays so"


def test_no_rulebook_of_the_hub_lacks_the_ports_offline_rule() -> None:
    async def story(edge: Edge) -> None:
        edge.say("rulebook", 1, rules(2, book(2, 13_000), OPENING))
        await edge.until(OPENING + 10 * SECOND)
        edge.hub.cut = True

    edge = live(OPENING + 8 * MINUTE, story)
    late = [decision for decision, _ in edge.decisions() if decision["at"] > OPENING + 6 * MINUTE]
    assert late
    assert all(decision["outcome"] != "RELEASE" for decision in late)


def test_the_rulebook_with_the_offline_rule_is_another_one() -> None:
    plain = parse_rulebook(TEXT)
    guarded = with_offline_rule(plain, offline_rule(300, "pre_authorised"), since=0)
    assert guarded.digest != plain.digest
    assert canonical(replace(guarded, rules=guarded.rules[:-1], digest=plain.digest)) == canonical(plain)
