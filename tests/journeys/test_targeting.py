"""From papers to control orders: who is judged when, what is recorded, what a restart and a crowd change."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import MemoryPlayer
from tests.unit.inspection.papers_kit import confirmation, declaration, line, manifest
from tests.unit.inspection.targeting.targeting_kit import CANDIDATE, examples, like

from kouan.access.people import Agency, Principal, Role
from kouan.adapters.learning.artefacts import MemoryArtefacts
from kouan.adapters.learning.boosting import Boosting
from kouan.inspection.control_orders import ControlKind, ControlOrder, order_record, place_order
from kouan.inspection.examination.examination import Answer, AnswerOutcome
from kouan.inspection.targeting.budget import PPM
from kouan.inspection.targeting.candidate import Candidate
from kouan.inspection.targeting.features import AT_HAND_IN
from kouan.inspection.targeting.gathering import batches_of, candidates_in
from kouan.inspection.targeting.learning import Example
from kouan.inspection.targeting.looking import examples_of, features_of
from kouan.inspection.targeting.records import CandidateRecord
from kouan.inspection.targeting.rules import RuleSet, read_rules
from kouan.inspection.targeting.training import train
from kouan.journeys.hand_in import PapersCounter
from kouan.journeys.targeting import Targeting
from kouan.journeys.targeting_desk import TargetingDesk
from kouan.ledger.roles import Unit
from kouan.vocabulary.errors import NotFound, Unavailable
from kouan.vocabulary.verdict import GRANTED, Refused

LI = Principal("li", "Li", Agency.CUSTOMS, (Role.DUTY_OFFICER,))
WU = Principal("wu", "Wu", Agency.CUSTOMS, (Role.INSPECTOR,))
BORDER = Principal("bo", "Bo", Agency.BORDER_INSPECTION, (Role.INSPECTOR,))
NO_RULES = RuleSet("r0")
ALL_COAL = read_rules(
    b'version = 1\n[[rule]]\nname = "coal"\neffective_from = 2020-01-01\n'
    b'when = [{ field = "hs_code", is = "begins", value = "2701" }]\n'
)


class Orders:
    """A control desk that records orders, and can be out of reach."""

    def __init__(self, player: MemoryPlayer, ledger: Any) -> None:
        self._player = player
        self._ledger = ledger
        self.reachable = True

    async def place(self, order: ControlOrder, authority: Agency, by: str, number: str | None = None) -> str | Refused:
        if not self.reachable:
            raise Unavailable("the lanes cannot be told")
        assert number is not None
        if await self._player.papers.find_order(number) is None:
            unit = place_order(order_record(order, number, authority, by, self._player.clock.now()))
            assert isinstance(unit, Unit)
            await self._ledger.append(unit)
        return number

    async def lift(self, number: str, authority: Agency, by: str, reason: str) -> Any:
        raise NotImplementedError


class Port:
    """Papers and targeting of a port in memory."""

    def __init__(self, player: MemoryPlayer, ledger: Any, seed: int = 1) -> None:
        self.player, self.ledger = player, ledger
        self.rules = NO_RULES
        self.orders = Orders(player, ledger)
        self.artefacts = MemoryArtefacts()
        self._secrets = itertools.count()
        self.chance = Random(seed)
        self.restart()
        self.counter = PapersCounter(
            player.papers, ledger, player.subjects, player.clock, self.chance.randbytes, came=self._came
        )

    def restart(self) -> None:
        player = self.player
        self.targeting = Targeting(
            player.papers, player.targeting, self.ledger, self.orders, player.clock, self.chance, lambda _: self.rules
        )
        self.desk = TargetingDesk(
            self.targeting,
            player.targeting,
            self.ledger,
            self.artefacts,
            player.clock,
            lambda: f"{next(self._secrets)}",
        )

    async def _came(self, number: str) -> None:
        await self.targeting.papers_came(number)

    async def budget(self, most: int, exploration_pm: int = 200, expected: int = 100) -> None:
        asked = {"most": most, "period_h": 24, "exploration_pm": exploration_pm, "expected": expected}
        assert not isinstance(await self.desk.set_budget(LI, **asked, reason="as agreed"), Refused)  # type: ignore[arg-type]

    async def candidate(self, number: str, **changes: Any) -> CandidateRecord:
        return await self.targeting.judge(self.at_now(number, **changes))

    async def found_false(self, record: CandidateRecord) -> Answer:
        kept = Answer(record.order_number or "", Agency.CUSTOMS, AnswerOutcome.KEEP, "wu", 1, "stones under the coal")
        learned = await self.targeting.learned(kept)
        assert learned is not None
        await self.ledger.append(learned)
        return kept

    def at_now(self, number: str, **changes: Any) -> Candidate:
        now = self.player.clock.now()
        return like(**{"number": f"in-{number}", "consignment": number, "at": now, **changes})

    async def kinds(self) -> list[str]:
        return [entry.kind.partition("/")[0] for entry in await self.ledger.read()]


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    player = MemoryPlayer(Random(7))
    yield Port(player, await player.open_writer())
    await player.close()


async def test_a_candidate_is_judged_when_the_last_of_its_papers_comes(port: Port) -> None:
    await port.budget(100, exploration_pm=1000)
    for hand_in, paper in (
        (port.counter.manifest, manifest()),
        (port.counter.confirmation, confirmation()),
    ):
        await hand_in(paper)
        assert await port.player.targeting.find_candidate("in-MF000001") is None
    await port.counter.declaration(declaration())
    record = await port.player.targeting.find_candidate("in-MF000001")
    assert record is not None
    assert record.source == "random"
    order = await port.player.papers.find_order(record.order_number or "")
    assert order is not None
    assert (order.consignment, order.kind, order.authority) == ("MF000001", "examine", "customs")
    assert order.placed_by == "targeting r0"
    assert order.reason == f"targeting.random chance_ppm={PPM}"


async def test_the_declared_value_of_a_line_is_the_price_that_targeting_sees(port: Port) -> None:
    lines = [{"line": 1, "hs_code": "2701121000", "goods": "炼焦煤", "net_kg": 80_000, "value_fen": 7_840_000}]
    await port.counter.manifest(manifest())
    await port.counter.confirmation(confirmation())
    await port.counter.declaration(declaration(lines=lines))
    (batch,) = await batches_of(port.player.papers, "MF000001")
    (one,) = await candidates_in(port.player.papers, batch)
    assert (one.value_fen, one.gross_kg) == (7_840_000, 80_000)
    assert AT_HAND_IN.of(one, {})["price_fen_t"] == 98_000
    more = [*lines, {"line": 2, "hs_code": "2701121000", "goods": "炼焦煤", "net_kg": 1}]
    await port.counter.declaration(declaration(version=2, lines=more, consignments=[line(gross_kg=80_001)]))
    (unsure,) = await candidates_in(port.player.papers, batch)
    assert unsure.value_fen is None


async def test_the_selection_stands_in_the_ledger_before_its_order(port: Port) -> None:
    await port.budget(100, exploration_pm=1000)
    await port.candidate("W1")
    kinds = await port.kinds()
    assert kinds.index("targeting.selected") < kinds.index("papers.order_placed")
    (entry,) = [each for each in await port.ledger.read() if each.kind == "targeting.selected/1"]
    body = msgspec.json.decode(entry.body)
    assert body["judged"]["why"][0]["code"] == "targeting.random"
    assert body["judged"]["propensity_ppm"] == PPM
    assert body["judged"]["model"] is None
    assert body["candidate"]["importer"] == "importer"
    assert body["features"].keys() == set(AT_HAND_IN.names)


async def test_the_same_papers_sent_again_are_not_drawn_again(port: Port) -> None:
    await port.budget(50, exploration_pm=1000)
    papers = (
        (port.counter.manifest, manifest),
        (port.counter.confirmation, confirmation),
        (port.counter.declaration, declaration),
    )
    for hand_in, paper in papers:
        await hand_in(paper())
    first = await port.player.targeting.find_candidate("in-MF000001")
    for hand_in, paper in papers:
        await hand_in(paper())
    assert await port.player.targeting.find_candidate("in-MF000001") == first
    assert await port.player.targeting.count_judged(0, port.player.clock.now()) == 1


async def test_amended_papers_are_judged_anew_unless_the_candidate_is_selected_already(port: Port) -> None:
    for hand_in, paper in ((port.counter.manifest, manifest()), (port.counter.confirmation, confirmation()),
                           (port.counter.declaration, declaration())):  # fmt: skip
        await hand_in(paper)
    passed = await port.player.targeting.find_candidate("in-MF000001")
    assert passed is not None
    assert passed.source is None  # no budget is set
    await port.budget(100, exploration_pm=1000)
    heavier = manifest(version=2, consignments=[line(gross_kg=90_000)])
    await port.counter.manifest(heavier)
    selected = await port.player.targeting.find_candidate("in-MF000001")
    assert selected is not None
    assert (selected.source, features_of(selected)["gross_kg"]) == ("random", 90_000)
    await port.counter.manifest(manifest(version=3, consignments=[line(gross_kg=95_000)]))
    assert await port.player.targeting.find_candidate("in-MF000001") == selected


async def test_without_a_budget_only_the_watch_list_selects(port: Port) -> None:
    port.rules = ALL_COAL
    assert (await port.candidate("W1")).source is None
    await port.desk.watch(LI, "plate", "1234 УБА", ControlKind.DETAIN, "a word from the mountains", None)
    record = await port.candidate("W2")
    assert (record.source, record.kind) == ("watch", "detain")
    assert (await port.desk.standing()).spent.used == 1


async def test_however_many_come_at_once_no_more_are_selected_than_the_budget_allows(port: Port) -> None:
    port.rules = ALL_COAL
    await port.budget(5, exploration_pm=0)
    records = await asyncio.gather(*(port.candidate(f"W{place}") for place in range(12)))
    assert sum(record.source == "rule" for record in records) == 5
    spent = (await port.desk.standing()).spent
    assert (spent.used, spent.seen) == (5, 12)
    assert len(await port.player.papers.orders_in_force(port.player.clock.now())) == 5


async def test_papers_that_come_twice_at_once_are_drawn_once_and_ordered_as_recorded(port: Port) -> None:
    await port.budget(100, exploration_pm=500)
    for place in range(20):
        first, second = await asyncio.gather(port.candidate(f"W{place}"), port.candidate(f"W{place}"))
        assert first == second == await port.player.targeting.find_candidate(f"in-W{place}")
    judged = await port.player.targeting.latest(100)
    selected = {record.order_number for record in judged if record.source is not None}
    assert 0 < len(selected) < 20
    standing = await port.player.papers.orders_in_force(port.player.clock.now())
    assert {order.number for order in standing} == selected


async def test_of_two_papers_under_one_number_at_once_one_stands_and_the_other_is_told(port: Port) -> None:
    answers = await asyncio.gather(
        port.counter.manifest(manifest()), port.counter.manifest(manifest(consignments=[line(gross_kg=70_000)]))
    )
    accepted = [answer for answer in answers if not isinstance(answer, Refused)]
    refused = [answer.reasons[0].code for answer in answers if isinstance(answer, Refused)]
    assert (len(accepted), refused) == (1, ["papers.conflict"])
    assert (await port.kinds()).count("papers.manifest") == 1


async def test_an_order_that_could_not_be_placed_is_placed_after_the_restart(port: Port) -> None:
    await port.budget(100, exploration_pm=1000)
    port.orders.reachable = False
    with pytest.raises(Unavailable):
        await port.candidate("W1")
    port.orders.reachable = True
    port.restart()
    await port.targeting.start()
    record = await port.player.targeting.find_candidate("in-W1")
    assert record is not None
    assert await port.player.papers.find_order(record.order_number or "") is not None
    assert await port.player.targeting.unordered() == []


async def test_a_result_is_learned_from_once_and_moves_what_is_known_of_the_firm(port: Port) -> None:
    await port.budget(100, exploration_pm=1000)
    record = await port.candidate("W1")
    kept = await port.found_false(record)
    assert await port.targeting.learned(msgspec.structs.replace(kept, outcome=AnswerOutcome.RELEASE)) is None
    assert await port.targeting.learned(msgspec.structs.replace(kept, ask="H-somebody-elses")) is None
    (example,) = examples_of(await port.player.targeting.examined(0))
    assert (example.found, example.drawn, example.propensity_ppm) == (True, True, PPM)
    later = await port.candidate("W2")
    assert (features_of(record)["importer_found_pm"], features_of(later)["importer_found_pm"]) == (30, 76)
    standing = await port.desk.standing()
    assert standing.true_rate is not None
    assert (standing.true_rate.rate_ppm, standing.true_rate.sample) == (PPM, 1)
    assert [(each.source, each.found) for each in standing.yields if each.selected] == [("random", 1)]


async def test_budgets_that_leave_nothing_to_chance_without_a_reason_are_refused(port: Port) -> None:
    asked = {"most": 10, "period_h": 24, "exploration_pm": 0, "expected": 100}
    refused = await port.desk.set_budget(LI, **asked, reason="  ")  # type: ignore[arg-type]
    assert isinstance(refused, Refused)
    assert await port.kinds() == []
    await port.desk.set_budget(LI, **asked, reason="epidemic measures")  # type: ignore[arg-type]
    assert b"epidemic measures" in bytes((await port.ledger.read())[0].body)


# Models ---------------------------------------------------------------------------------------------------------------


def taught(count: int = 900) -> tuple[Example, ...]:
    """Return examples whose firms' past tells."""
    base = AT_HAND_IN.of(CANDIDATE, {})
    made = []
    for each in examples(count, Random(5), template=("x", "y")):
        features = {**base, "importer_found_pm": each.features["telling"], "gross_kg": 80_000}
        made.append(msgspec.structs.replace(each, features=features))
    return tuple(made)


@pytest.fixture(scope="module")
def artefact() -> bytes:
    made = taught()
    return train(made, [each.features for each in made], Boosting(), 1).encode()


async def put_in_force(port: Port, data: bytes) -> str:
    kept = await port.desk.hand_in(LI, port.artefacts.put(data))
    assert not isinstance(kept, Refused)
    assert await port.desk.propose(LI, kept.version, "better than the last") is GRANTED
    assert await port.desk.activate(WU, kept.version, "seen as well") is GRANTED
    return kept.version


async def test_a_model_is_put_in_force_by_a_second_person_and_scores_from_then_on(port: Port, artefact: bytes) -> None:
    await port.budget(20)
    assert (await port.candidate("W1")).score_ppm is None
    kept = await port.desk.hand_in(LI, port.artefacts.put(artefact))
    assert not isinstance(kept, Refused)
    assert isinstance(await port.desk.activate(WU, kept.version, "unproposed"), Refused)
    assert await port.desk.propose(LI, kept.version, "better") is GRANTED
    assert isinstance(await port.desk.activate(LI, kept.version, "alone"), Refused)
    assert (await port.desk.standing()).no_score is not None
    assert await port.desk.activate(WU, kept.version, "seen as well") is GRANTED
    record = await port.candidate("W2")
    assert (record.model, (await port.desk.standing()).no_score) == (kept.version, None)
    assert record.score_ppm is not None
    kinds = [kind for kind in await port.kinds() if kind.startswith("targeting.model")]
    assert kinds == ["targeting.model_trained", "targeting.model_proposed", "targeting.model_activated"]
    activated = [each for each in await port.ledger.read() if each.kind == "targeting.model_activated/1"]
    assert kept.digest in bytes(activated[0].body).decode()


async def test_who_scores_high_is_selected_and_told_why(port: Port, artefact: bytes) -> None:
    await port.budget(100, exploration_pm=1000)
    for place in range(60):
        first = await port.candidate(f"A{place}", importer="bad", exporter=None, agent=None, carrier=f"c{place}")
        await port.found_false(first)
    await port.budget(200, exploration_pm=1, expected=2000)
    version = await put_in_force(port, artefact)
    bad = await port.candidate("B1", importer="bad")
    good = await port.candidate("G1", importer="good")
    assert bad.score_ppm is not None
    assert good.score_ppm is not None
    assert bad.score_ppm > good.score_ppm
    assert (bad.source, bad.model, good.source) == ("score", version, None)
    why = msgspec.json.decode(bad.why)
    assert why[0]["code"] == "targeting.score"
    assert why[1]["params"]["feature"] == "importer_found_pm"


async def test_a_model_that_failed_its_grade_cannot_be_put_in_force(port: Port, artefact: bytes) -> None:
    made = [msgspec.structs.replace(each, template=("false" if each.found else "honest", "x")) for each in taught()]
    failed = train(made, [each.features for each in made], Boosting(), 1)
    assert {reason.code for reason in failed.grade.failed} == {"targeting.lookup_beats"}
    kept = await port.desk.hand_in(LI, port.artefacts.put(failed.encode()))
    assert not isinstance(kept, Refused)
    refused = await port.desk.propose(LI, kept.version, "all the same")
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "targeting.grade_failed"


async def test_a_model_that_was_changed_in_the_database_scores_nothing_and_says_so(port: Port, artefact: bytes) -> None:
    await port.budget(20)
    version = await put_in_force(port, artefact)
    tables = port.player.disk.tables
    row = tables.get("targeting_models", "ganqimaodu", version)
    assert row is not None
    tables.put("targeting_models", {**row, "artefact": row["artefact"] + b" "}, "ganqimaodu", version)
    port.restart()
    await port.targeting.start()
    record = await port.candidate("W1")
    assert record.score_ppm is None
    reason = msgspec.json.decode(record.why)[-1]
    assert (reason["code"], reason["params"]["rule"]) == ("targeting.model_unusable", "model.digest")


async def test_a_model_that_nobody_trained_is_not_found(port: Port) -> None:
    with pytest.raises(NotFound):
        await port.desk.hand_in(LI, "0" * 64)


def scored_before(port: Port, number: str, version: str, score_ppm: int, **changes: Any) -> None:
    """Let a candidate have been judged by a model."""
    now = port.player.clock.now()
    record = CandidateRecord(
        number, "d", now, now, None, "2701", b"{}", b'{"mass_zeros":0}', b"[]", None, 0, 0, 0, score_ppm, 999_999,
        version, "r0", None, "examine", "customs", None,
    )  # fmt: skip
    row = {"port": "ganqimaodu", **msgspec.structs.asdict(record), **changes}
    port.player.disk.tables.put("targeting_candidates", row, "ganqimaodu", number)


async def test_drift_is_noticed_once_a_day_and_seen_by_an_officer(port: Port, artefact: bytes) -> None:
    version = await put_in_force(port, artefact)
    for place in range(600):
        scored_before(port, f"C{place}", version, 999_999)
    await port.candidate("W1")
    await port.candidate("W2")
    noticed = (await port.desk.standing()).notices
    assert "score_ppm" in [msgspec.json.decode(each.params)["name"] for each in noticed]
    assert len({each.number for each in noticed}) == len(noticed) == (await port.kinds()).count("targeting.drifted")
    assert await port.desk.acknowledge(LI, noticed[0].number) is GRANTED
    assert isinstance(await port.desk.acknowledge(WU, noticed[0].number), Refused)


async def test_offences_that_are_not_where_scores_promise_them_are_noticed_once(port: Port, artefact: bytes) -> None:
    async def surprises() -> list[dict[str, Any]]:
        notices = (await port.desk.standing()).notices
        return [msgspec.json.decode(each.params) for each in notices if each.code == "targeting.surprised"]

    version = await put_in_force(port, artefact)
    for place in range(60):
        examined = {"source": "score", "found": int(place % 2), "result_at": port.player.clock.now()}
        scored_before(port, f"C{place}", version, 500_000, **examined)
    await port.candidate("W1")
    assert await surprises() == []  # every other one is false, as was promised
    port.player.clock.pass_days(1)
    for place in range(60):
        examined = {"source": "score", "found": 0, "result_at": port.player.clock.now()}
        scored_before(port, f"D{place}", version, 500_000, **examined)
    await port.candidate("W2")
    assert await surprises() == [{"expected": 30, "found": 0, "sample": 60, "share": "other_firms"}]
    port.player.clock.pass_days(1)
    await port.candidate("W3")
    assert len(await surprises()) == 1  # what was noticed is not counted again


async def test_a_watch_list_is_each_authoritys_own(port: Port) -> None:
    made = await port.desk.watch(LI, "importer", "importer", ControlKind.EXAMINE, "a word", None)
    assert not isinstance(made, Refused)
    assert isinstance(await port.desk.unwatch(BORDER, made.number, "not needed"), Refused)
    assert await port.desk.unwatch(WU, made.number, "not needed") is GRANTED
    assert isinstance(await port.desk.watch(LI, "number", "in-W1", ControlKind.EXAMINE, "a word", None), Refused)


async def test_the_chance_that_stands_in_the_ledger_is_the_chance_that_was(port: Port) -> None:
    await port.budget(20, exploration_pm=500, expected=100)
    records = [await port.candidate(f"W{place}") for place in range(100)]
    drawn = [record for record in records if record.drawn]
    assert {record.random_ppm for record in records} == {100_000}
    assert {record.propensity_ppm for record in drawn} == {100_000}
    assert 3 <= len(drawn) <= 20


@pytest.mark.parametrize(
    ("outcome", "override", "found"),
    [("release", False, False), ("keep", False, True), ("release", True, True)],
)
async def test_what_an_agency_keeps_or_lets_go_against_its_steps_was_false(
    port: Port, outcome: str, override: bool, found: bool
) -> None:
    await port.budget(100, exploration_pm=1000)
    number = (await port.candidate("W1")).order_number or ""
    said = Answer(number, Agency.CUSTOMS, AnswerOutcome(outcome), "wu", 1, "as seen", override=override)
    learned = await port.targeting.learned(said)
    assert learned is not None
    await port.ledger.append(learned)
    record = await port.player.targeting.candidate_of_order(number)
    assert record is not None
    assert record.found == int(found)
