"""Targeting's records; each test runs on PostgreSQL and in memory."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import Player

from kouan.inspection.records import ControlOrderRecord, params_of
from kouan.inspection.targeting.budget import Budget, Spent
from kouan.inspection.targeting.profiles import Profile
from kouan.inspection.targeting.records import CandidateRecord, ModelRecord, NoticeRecord, WatchRecord
from kouan.ledger.roles import Appended, Statement, Unit, UnitRefused

PASSED = CandidateRecord(
    "C1", "d1", 10, 11, "firm", "2701", b"{}", b'{"a":1}', b"[]", None, 0, 10_000, 10_000, 500, 900, "m1", "r1", "B1",
    "examine", "customs", None,
)  # fmt: skip
SELECTED = msgspec.structs.replace(PASSED, number="C2", source="random", drawn=1, order_number="T-C2", judged_at=12)
BUDGET = Budget("B1", "examine", 24, 2, 200, 100, "as agreed", "li", 5, 5)
MODEL = ModelRecord("m1", "ab", 1, 2, "li", 3, b"{}", 1, "trained", b"artefact")
WATCHED = WatchRecord("W1", "importer", "firm", "examine", "customs", "a word", "li", 5, 50)
NOTICE = NoticeRecord("D1", 7, "m1", "targeting.moved", b"{}")


def changed(record: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(record, **fields)


class Targeting:
    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    async def guarded(self, *statements: tuple[str, Any]) -> str | None:
        """Append the statements as the guards of one unit; return the one that refused."""
        named = [Statement(f"targeting.{name}", given if isinstance(given, dict) else params_of(given))
                 for name, given in statements]  # fmt: skip
        answer = await self._ledger.append(Unit((), tuple(named)))
        assert isinstance(answer, Appended | UnitRefused)
        return answer.guard if isinstance(answer, UnitRefused) else None

    async def effects(self, *statements: tuple[str, dict[str, Any]]) -> None:
        named = tuple(Statement(f"targeting.{name}", given) for name, given in statements)
        await self._ledger.append(Unit((), (), named))

    async def order(self, number: str) -> None:
        order = ControlOrderRecord(number, "customs", "scan", None, None, "W", None, "why", "x", 10, 10, None)
        await self._ledger.append(Unit((), (Statement("papers.place_order", params_of(order)),)))


@pytest.fixture
async def targeting(player: Player) -> Targeting:
    return Targeting(await player.open_writer())


async def test_a_candidate_is_judged_once_until_its_papers_change(player: Player, targeting: Targeting) -> None:
    assert await targeting.guarded(("judge", PASSED)) is None
    assert await targeting.guarded(("judge", PASSED)) == "targeting.judge"
    amended = changed(PASSED, digest="d2", source="score", order_number="T-C1", judged_at=20)
    assert await targeting.guarded(("judge", amended)) is None
    assert await player.targeting.find_candidate("C1") == amended
    assert await player.targeting.find_candidate("C9") is None


async def test_who_was_selected_stays_so_whatever_comes_later(player: Player, targeting: Targeting) -> None:
    await targeting.guarded(("judge", SELECTED))
    later = changed(SELECTED, digest="d2", source=None, order_number=None)
    assert await targeting.guarded(("judge", later)) == "targeting.judge"
    assert await player.targeting.find_candidate("C2") == SELECTED
    assert await player.targeting.candidate_of_order("T-C2") == SELECTED
    assert await player.targeting.candidate_of_order("T-C9") is None


async def test_candidates_are_found_by_when_they_were_judged(player: Player, targeting: Targeting) -> None:
    second = changed(SELECTED, number="C3", judged_at=14, order_number="T-C3")
    for record in (SELECTED, PASSED, second):
        await targeting.guarded(("judge", record))
    assert await player.targeting.latest(2) == [second, SELECTED]
    assert await player.targeting.count_judged(11, 14) == 2
    assert await player.targeting.selected(1) == [second]
    assert await player.targeting.unordered() == [SELECTED, second]
    await targeting.order("T-C2")
    assert await player.targeting.unordered() == [second]


async def test_only_what_was_examined_has_a_result_and_only_one(player: Player, targeting: Targeting) -> None:
    for record in (PASSED, SELECTED):
        await targeting.guarded(("judge", record))
    found = {"found": 1, "result_at": 30}
    assert await targeting.guarded(("note_result", {"number": "C1", **found})) == "targeting.note_result"
    assert await targeting.guarded(("note_result", {"number": "C2", **found})) is None
    assert await targeting.guarded(("note_result", {"number": "C2", **found})) == "targeting.note_result"
    record = await player.targeting.find_candidate("C2")
    assert record is not None
    assert (record.found, record.result_at) == (1, 30)
    assert await player.targeting.examined(12) == [record]
    assert await player.targeting.examined(13) == []


async def test_no_more_is_spent_than_the_budget_allows_however_many_ask_at_once(
    player: Player, targeting: Targeting
) -> None:
    asked = {"kind": "examine", "period": 100, "most": 3}
    answers = await asyncio.gather(*(targeting.guarded(("spend", asked)) for _ in range(8)))
    assert sorted(map(str, answers)) == ["None"] * 3 + ["targeting.spend"] * 5
    assert await targeting.guarded(("spend", {**asked, "period": 200, "most": 0})) == "targeting.spend"
    assert await player.targeting.spent("examine", 100) == Spent("examine", 100, 3, 0)
    assert await player.targeting.spent("examine", 200) == Spent("examine", 200)


async def test_what_is_mandatory_is_counted_beyond_the_budget(player: Player, targeting: Targeting) -> None:
    counted = {"kind": "examine", "period": 100}
    await targeting.effects(("count", {**counted, "used": 1, "seen": 1}), ("count", {**counted, "used": 0, "seen": 1}))
    assert await player.targeting.spent("examine", 100) == Spent("examine", 100, 1, 2)
    assert await targeting.guarded(("spend", {**counted, "most": 1})) == "targeting.spend"


async def test_profiles_add_up(player: Player, targeting: Targeting) -> None:
    seen = {"key": "a", "seen": 1, "examined": 0, "found": 0, "at": 10, "mass_kg": 5, "value_fen": 7}
    result = {"key": "a", "seen": 0, "examined": 1, "found": 1, "at": 30, "mass_kg": 0, "value_fen": 0}
    await asyncio.gather(*(targeting.effects(("add_profile", {**seen, "at": at})) for at in (20, 10, 15)))
    await targeting.effects(("add_profile", result), ("add_profile", {**seen, "key": "b"}))
    found = await player.targeting.profiles(["a", "c", "a"])
    assert found == {"a": Profile("a", 3, 1, 1, 10, 20, 15, 21)}


async def test_the_budget_in_force_is_the_one_set_last_for_an_instant(player: Player, targeting: Targeting) -> None:
    later = changed(BUDGET, number="B2", effective_from=20, set_at=6)
    corrected = changed(BUDGET, number="B3", effective_from=20, set_at=7)
    for budget in (BUDGET, later, corrected, changed(BUDGET, number="B4", kind="scan")):
        assert await targeting.guarded(("set_budget", budget)) is None
    assert await targeting.guarded(("set_budget", BUDGET)) == "targeting.set_budget"
    assert await player.targeting.budget("examine", 4) is None
    assert await player.targeting.budget("examine", 19) == BUDGET
    assert await player.targeting.budget("examine", 20) == corrected


async def test_a_watch_list_holds_until_its_end_or_its_authority_ends_it(player: Player, targeting: Targeting) -> None:
    endless = changed(WATCHED, number="W2", until=None)
    for record in (endless, WATCHED):
        assert await targeting.guarded(("watch", record)) is None
    assert await targeting.guarded(("watch", WATCHED)) == "targeting.watch"
    assert await player.targeting.watched(4) == []
    assert await player.targeting.watched(49) == [WATCHED, endless]
    assert await player.targeting.watched(50) == [endless]
    assert await targeting.guarded(("unwatch", {"number": "W2", "authority": "site"})) == "targeting.unwatch"
    assert await targeting.guarded(("unwatch", {"number": "W2", "authority": "customs"})) is None
    assert await player.targeting.watched(50) == []


async def test_a_model_is_put_in_force_by_two_people_and_replaces_the_one_before(
    player: Player, targeting: Targeting
) -> None:
    second = changed(MODEL, version="m2", handed_in_at=4)
    for model in (MODEL, second, changed(MODEL, version="bad", passed=0, handed_in_at=2)):
        assert await targeting.guarded(("keep_model", model)) is None
    assert await targeting.guarded(("keep_model", MODEL)) == "targeting.keep_model"
    assert await targeting.guarded(("propose_model", {"version": "bad", "by": "li"})) == "targeting.propose_model"
    for version in ("m1", "m2"):
        activate = ("activate_model", {"version": version, "by": "li", "at": 9})
        assert await targeting.guarded(activate) == "targeting.activate_model"
        assert await targeting.guarded(("propose_model", {"version": version, "by": "li"})) is None
        assert await targeting.guarded(("retire_models", {}), activate) == "targeting.activate_model"
        by_another = ("activate_model", {"version": version, "by": "wu", "at": 9})
        assert await targeting.guarded(("retire_models", {}), by_another) is None
    active = changed(second, state="active", proposed_by="li", activated_by="wu", activated_at=9)
    assert await player.targeting.active_model() == active
    listed = await player.targeting.models(2)
    assert [(each.version, each.state, each.artefact) for each in listed] == [
        ("m2", "active", b""),
        ("m1", "retired", b""),
    ]
    first = await player.targeting.find_model("m1")
    assert first is not None
    assert first.artefact == b"artefact"


async def test_recent_scores_are_those_of_one_model_newest_first(player: Player, targeting: Targeting) -> None:
    for place in range(4):
        scored = changed(PASSED, number=f"C{place}", judged_at=place, score_ppm=place * 10)
        await targeting.guarded(("judge", scored))
    await targeting.guarded(("judge", changed(PASSED, number="C8", model="m2")))
    await targeting.guarded(("judge", changed(PASSED, number="C9", model=None, score_ppm=None)))
    assert await player.targeting.recent_scores("m1", 3) == [30, 20, 10]


async def test_a_notice_of_drift_is_made_once_and_seen_by_one(player: Player, targeting: Targeting) -> None:
    assert await targeting.guarded(("notice", NOTICE)) is None
    assert await targeting.guarded(("notice", NOTICE)) == "targeting.notice"
    assert await targeting.guarded(("acknowledge", {"number": "D1", "by": "li"})) is None
    assert await targeting.guarded(("acknowledge", {"number": "D1", "by": "wu"})) == "targeting.acknowledge"
    assert await player.targeting.notices(5) == [changed(NOTICE, acknowledged_by="li")]
