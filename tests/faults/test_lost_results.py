"""A process that dies around an agency's word on what targeting selected: the word and its result stand, or neither."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.integration.web.web_kit import WebPort
from tests.journeys.test_examination import Yard
from tests.unit.inspection.targeting.targeting_kit import like

from kouan.access.people import Agency, Principal, Role
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.examination.examination import Answer, AnswerOutcome, Examination, Vehicle
from kouan.inspection.targeting.records import CandidateRecord
from kouan.journeys.examination import Examinations
from kouan.ledger.roles import Unit
from kouan.wiring.targeting import targeting_desk

LI = Principal("li", "Li", Agency.CUSTOMS, (Role.DUTY_OFFICER,))
WORD = "examination.answered/1"


class ProcessDied(BaseException):
    """Nothing that the process does after this has any effect."""


class Mortal:
    """A ledger whose process dies around the commit of an agency's word: before it, or as soon as it is durable."""

    def __init__(self, ledger: Any, *, durable: bool) -> None:
        self._ledger = ledger
        self._durable = durable
        self._dead = False

    async def append(self, unit: Unit) -> Any:
        if self._dead:
            raise ProcessDied
        self._dead = any(draft.kind == WORD for draft in unit.drafts)
        if self._dead and not self._durable:
            raise ProcessDied
        answer = await self._ledger.append(unit)
        if self._dead:
            raise ProcessDied
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


class Selecting(Yard):
    """A port at which targeting selected a lorry's consignment, and the lorry stands at its bay with all steps done."""

    def live(self, ledger: Any) -> None:
        """Begin a life of the process over what is stored, writing to this ledger."""
        port = self.port
        desk = targeting_desk(
            port.papers, port.targeting.records, ledger, self.control, port.artefacts, port.clock, port.secret,
            port.rules.targeting,
        )  # fmt: skip
        self.targeting = desk
        self.examining = Examinations(
            port.examinations, port.papers, self.control, ledger, port.clock, self.examining._rules,
            learned=desk.targeting.learned,
        )  # fmt: skip
        self.driver = self.fresh_driver()

    async def selected(self) -> tuple[str, CandidateRecord]:
        """Return the number of the examination, and what was selected."""
        await self.targeting.watch(LI, "plate", "1234УБА", ControlKind.SCAN, "a word from the mountains", None)
        record = await self.targeting.targeting.judge(
            like(number="in-W1", consignment="W1", plate="1234УБА", at=self.port.clock.now())
        )
        assert record.order_number is not None
        ordered = await self.examining.order("X1", Vehicle("1234УБА", consignments=("W1",)))
        assert isinstance(ordered, Examination), ordered
        await self.to_the_bay()
        await self.report_all("X1")
        return "X1", record

    async def say(self, number: str, record: CandidateRecord, outcome: AnswerOutcome) -> None:
        said = Answer(record.order_number or "", Agency.CUSTOMS, outcome, "wu", 0, "as the sheet says")
        moved = await self.examining.answer(number, said, stepped_up=True)
        assert isinstance(moved, Examination), moved

    async def result(self, record: CandidateRecord) -> int | None:
        kept = await self.targeting.records.find_candidate(record.number)
        assert kept is not None
        return kept.found


@pytest.fixture
async def yard() -> AsyncIterator[Selecting]:
    port = await WebPort().start()
    yard = Selecting(port)
    yard.live(port.ledger)
    yield yard
    await port.close()


@pytest.mark.parametrize(("outcome", "found"), [(AnswerOutcome.RELEASE, 0), (AnswerOutcome.KEEP, 1)])
async def test_a_process_that_dies_once_the_word_is_durable_has_its_result_too(
    yard: Selecting, outcome: AnswerOutcome, found: int
) -> None:
    number, record = await yard.selected()
    yard.live(Mortal(yard.port.ledger, durable=True))
    with pytest.raises(ProcessDied):
        await yard.say(number, record, outcome)
    yard.live(yard.port.ledger)
    assert (await yard.examining.find(number)).answered[record.order_number or ""].outcome is outcome
    assert await yard.result(record) == found
    kinds = [entry.kind for entry in await yard.port.ledger.read()]
    assert kinds.index("targeting.result/1") == kinds.index(WORD) + 1


async def test_a_process_that_dies_before_the_word_is_durable_has_neither_and_is_told_once_more(
    yard: Selecting,
) -> None:
    number, record = await yard.selected()
    yard.live(Mortal(yard.port.ledger, durable=False))
    with pytest.raises(ProcessDied):
        await yard.say(number, record, AnswerOutcome.KEEP)
    yard.live(yard.port.ledger)
    assert (await yard.examining.find(number)).answers == ()
    assert await yard.result(record) is None
    await yard.say(number, record, AnswerOutcome.KEEP)
    assert await yard.result(record) == 1


async def test_the_first_word_on_an_order_is_its_result_and_a_later_one_is_still_taken(yard: Selecting) -> None:
    number, record = await yard.selected()
    await yard.say(number, record, AnswerOutcome.KEEP)
    await yard.say(number, record, AnswerOutcome.RELEASE)
    assert (await yard.examining.find(number)).released(record.order_number or "")
    assert await yard.result(record) == 1
    assert [entry.kind for entry in await yard.port.ledger.read()].count("targeting.result/1") == 1
