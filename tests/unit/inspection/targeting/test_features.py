"""Features look at what was known when a candidate was judged, and at nothing later."""

import pytest
from tests.unit.inspection.targeting.targeting_kit import CANDIDATE, DAY, like

from kouan.inspection.targeting.candidate import Candidate
from kouan.inspection.targeting.features import AT_HAND_IN, FEATURES, Feature, FeatureSet, Known
from kouan.inspection.targeting.profiles import Addition, Profile, added, examined, read_keys, seen
from kouan.vocabulary.errors import InvalidValue


class Past:
    """Profiles as the records hold them."""

    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}

    def add(self, *additions: Addition) -> None:
        for addition in additions:
            self.profiles[addition.key] = added(self.profiles.get(addition.key), addition)

    def of(self, candidate: Candidate) -> dict[str, int | None]:
        read = {key: self.profiles[key] for key in read_keys(candidate) if key in self.profiles}
        return AT_HAND_IN.of(candidate, read)


@pytest.mark.parametrize("known", [Known.AT_GATE, Known.EXAMINED, Known.RESULT])
def test_what_becomes_known_later_is_refused_when_the_set_is_made(known: Known) -> None:
    late = Feature("seal_was_broken", known, lambda _: 1)
    with pytest.raises(InvalidValue, match="seal_was_broken") as refusal:
        FeatureSet((*FEATURES, late), Known.PAPERS)
    assert refusal.value.rule == "targeting.feature_late"


def test_a_set_for_the_gate_may_look_at_what_the_gate_measures() -> None:
    weighed = Feature("weighed_pm", Known.AT_GATE, lambda _: 1)
    assert FeatureSet((*FEATURES, weighed), Known.AT_GATE).names[-1] == "weighed_pm"


def test_two_features_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidValue) as refusal:
        FeatureSet((FEATURES[0], FEATURES[0]), Known.PAPERS)
    assert refusal.value.rule == "targeting.feature_repeated"


def test_values_of_another_set_are_refused() -> None:
    values = AT_HAND_IN.of(CANDIDATE, {})
    AT_HAND_IN.require(values)
    for wrong in ({**values, "found": 1}, dict.fromkeys(AT_HAND_IN.names[1:], 0)):
        with pytest.raises(InvalidValue) as refusal:
            AT_HAND_IN.require(wrong)
        assert refusal.value.rule == "targeting.feature_unknown"


def test_a_firm_seen_for_the_first_time_has_no_past_and_nothing_to_compare_with() -> None:
    values = Past().of(CANDIDATE)
    assert (values["importer_days"], values["importer_seen"], values["importer_found_pm"]) == (0, 0, 30)
    assert values["price_usual_pm"] is values["mass_own_pm"] is None
    assert (values["price_fen_t"], values["heading"], values["mass_zeros"], values["hour"]) == (100_000, 2701, 4, 12)


def test_price_and_mass_are_told_against_the_usual_of_these_goods() -> None:
    past = Past()
    for place in range(6):
        past.add(*seen(like(importer=f"other-{place}", value_fen=16_000_000)))
    values = past.of(CANDIDATE)
    assert (values["price_usual_pm"], values["mass_usual_pm"]) == (500, 1000)
    assert values["price_own_pm"] is None


def test_goods_are_compared_with_last_month_too_but_not_with_the_year_before() -> None:
    past = Past()
    for _ in range(6):
        past.add(*seen(like(at=CANDIDATE.at - 30 * DAY)))
    assert past.of(CANDIDATE)["price_usual_pm"] == 1000
    assert past.of(like(at=CANDIDATE.at + 365 * DAY))["price_usual_pm"] is None


def test_lots_split_over_a_day_are_counted_that_day_only() -> None:
    past = Past()
    for _ in range(3):
        past.add(*seen(like(gross_kg=20_000)))
    assert (past.of(CANDIDATE)["own_goods_today"], past.of(CANDIDATE)["own_mass_today_kg"]) == (3, 60_000)
    assert past.of(like(at=CANDIDATE.at + DAY))["own_goods_today"] == 0


def test_a_result_moves_the_rates_of_all_that_it_was_found_with_and_nothing_else() -> None:
    past = Past()
    past.add(*seen(CANDIDATE), *examined(CANDIDATE, found=True, at=CANDIDATE.at + DAY))
    again = past.of(like(importer="new firm", plate="other", at=CANDIDATE.at + 2 * DAY))
    assert again["importer_found_pm"] == 30  # a new firm ...
    assert again["exporter_found_pm"] == (1000 + 600) // 21  # ... behind an exporter that was found out
    assert again["plate_found_pm"] == 30
    assert (again["exporter_days"], again["pair_seen"]) == (2, 0)


def test_papers_that_say_nothing_of_firm_and_value_are_judged_by_the_rest() -> None:
    values = Past().of(like(importer=None, exporter=None, agent=None, route=None, value_fen=None))
    assert values["price_fen_t"] is None
    assert values["importer_seen"] == 0
    assert values["gross_kg"] == 80_000


def test_other_papers_have_another_digest_but_the_time_makes_none() -> None:
    assert like(at=1).digest == CANDIDATE.digest
    assert like(gross_kg=79_000).digest != CANDIDATE.digest
