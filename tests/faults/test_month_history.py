"""The time before a virtual month: targeting learns of the trade as a live port does, or says why it has no model."""

import msgspec
import pytest
from tests.journeys.test_targeting import taught

from kouan.adapters.learning.boosting import Boosting
from kouan.inspection.targeting import looking
from kouan.inspection.targeting.model import version_of
from kouan.inspection.targeting.training import train
from kouan.proving.month import history
from kouan.proving.month.brokers import Brokers
from kouan.proving.month.history import candidate_of
from kouan.proving.month.port import MonthPort
from kouan.proving.month.run import midnight_of, simulate_month
from kouan.proving.month.setting import MonthSetting
from kouan.proving.month.traders import Traders
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.vocabulary.verdict import Reason
from kouan.wiring.port_file import load
from kouan.wiring.twin.watched import tell_nobody

OFFICE = "0713"


def test_a_lorry_of_the_time_before_is_judged_by_what_its_papers_would_say() -> None:
    setting = MonthSetting(days=1, lorries=24)
    file = load(setting.port)
    loop = VirtualLoop(midnight_of(setting, file.timezone))

    async def seen() -> None:
        port = await MonthPort(setting, file, VirtualClock(loop), tell_nobody, lambda *_: None).open()
        trips = [each for each in Traders(setting, OFFICE).day(0) if not each.slips and not each.two_step]
        for trip in trips:
            await Brokers(port).announce(trip)
            judged = await port.records.targeting.find_candidate(f"in-W{trip.number}")
            assert judged is not None
            papers = looking.candidate_of(judged)
            assert candidate_of(trip) == msgspec.structs.replace(papers, at=trip.shipment.at)
            assert papers.value_fen == trip.value_fen > 0
        assert len(trips) > 10

    run(seen(), loop)


def test_a_time_too_short_to_learn_from_gives_no_model_and_the_month_says_so() -> None:
    found = simulate_month(MonthSetting(days=1, lorries=4, before_days=2), compare=False)
    assert (found["model"], found["no_model"]) == (None, "targeting.too_few")
    assert found["violation_texts"] == []
    assert found["candidates"] == sum(found["lots_by_regime"].values()) == 5  # of the month, not of the days before


def test_the_time_before_is_the_same_for_the_same_seed() -> None:
    setting = MonthSetting(days=1, lorries=4, before_days=2)
    one, again = (simulate_month(setting, compare=False) for _ in range(2))
    assert one["ledger_root"] == again["ledger_root"]
    alone = simulate_month(MonthSetting(days=1, lorries=4), compare=False)
    assert one["entries"] > alone["entries"]


@pytest.mark.parametrize("failed", [(), (Reason("targeting.lookup_beats"),)], ids=["good", "beaten"])
def test_a_model_is_put_in_force_by_two_officers_where_its_grade_allows_it(
    monkeypatch: pytest.MonkeyPatch, failed: tuple[Reason, ...]
) -> None:
    made = taught()
    learned = train(made, [each.features for each in made], Boosting(), 1)
    graded = msgspec.structs.replace(learned, grade=msgspec.structs.replace(learned.grade, failed=failed))
    monkeypatch.setattr(history, "train", lambda *_: graded)
    found = simulate_month(MonthSetting(days=1, lorries=12, before_days=1), compare=False)
    assert found["violation_texts"] == []
    if failed:
        assert (found["model"], found["no_model"]) == (None, "targeting.lookup_beats")
    else:
        assert (found["model"], found["no_model"]) == (version_of(graded), None)
