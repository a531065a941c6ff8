from collections import Counter
from random import Random

import pytest
from tests.unit.simulator.field_kit import GANQIMAODU

from kouan.simulator.anomalies import ANY, STOPPED, Anomaly, acceptable, draw
from kouan.simulator.approach import Profile
from kouan.simulator.port_file import load_port, parse_port
from kouan.simulator.scenario import load_scenario, names, parse_scenario
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction


def test_ganqimaodu_has_twelve_lanes_in_and_seven_out():
    port = load_port(GANQIMAODU)
    assert [lane.name for lane in port.lanes_of(Direction.IN)] == [f"I{n}" for n in range(1, 13)]
    assert [lane.name for lane in port.lanes_of(Direction.OUT)] == [f"O{n}" for n in range(1, 8)]
    assert (port.simulation.inbound_per_day, port.opens_s) == (1622, 8 * 3600)


def test_the_platform_reads_the_same_file():
    from kouan.wiring.port_file import parse

    assert len(parse(GANQIMAODU.read_text(encoding="utf-8")).lanes) == 19


@pytest.mark.parametrize(
    ("old", "new", "field", "rule"),
    [
        ("inbound_per_day = 1622", 'inbound_per_day = "many"', "simulation.inbound_per_day", "port_file.field"),
        ("inbound_per_day = 1622", "inbound_per_day = -1", "simulation.inbound_per_day", "port_file.field"),
        ('name = "I2"', 'name = "I1"', "lanes[1].name", "port_file.lane_once"),
        ("machinery = 0.30", "gold = 0.30", "simulation.cargo.gold", "simulation.cargo"),
        ("exports_per_day = 260", "exports_per_day = 2600", "simulation.exports_per_day", "simulation.exports"),
        ("hourly = [0.14", "hourly = [-1.0", "simulation.hourly[0]", "port_file.field"),
        ("[simulation]", "[simulation", "$", "port_file.toml"),
    ],
)
def test_a_port_file_that_is_wrong_is_refused_with_field_and_rule(old, new, field, rule):
    text = GANQIMAODU.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(InvalidValue) as refused:
        parse_port(text.replace(old, new, 1))
    assert (refused.value.field, refused.value.rule) == (field, rule)


def test_the_scenarios_that_ship_are_valid():
    assert names() == ("bench", "calm", "day", "ordinary", "rough")
    for name in names():
        assert load_scenario(name).name == name


def test_an_unknown_scenario_or_kind_is_refused():
    with pytest.raises(InvalidValue) as refused:
        load_scenario("wild")
    assert "ordinary" in str(refused.value)
    with pytest.raises(InvalidValue):
        parse_scenario('name = "x"\n[rates]\nghost_lorry = 0.1\n')
    with pytest.raises(InvalidValue):
        parse_scenario('name = "x"\n[rates]\nfever = 1.5\n')


def test_anomalies_are_drawn_at_their_rates_and_only_where_possible():
    random = Random(1)
    rates = {Anomaly.FEVER: 0.1, Anomaly.STOWAWAY: 0.02, Anomaly.SEAL_BROKEN: 0.5}
    possible = frozenset({Anomaly.FEVER, Anomaly.STOWAWAY})
    counts = Counter(kind for _ in range(20_000) for kind in draw(random, rates, possible))
    assert 0.09 < counts[Anomaly.FEVER] / 20_000 < 0.11
    assert 0.016 < counts[Anomaly.STOWAWAY] / 20_000 < 0.024
    assert counts[Anomaly.SEAL_BROKEN] == 0


def test_what_is_possible_moves_no_other_draw():
    rates = dict.fromkeys(Anomaly, 0.2)
    wide = [draw(Random(seed), rates, frozenset(Anomaly)) for seed in range(200)]
    narrow = [draw(Random(seed), rates, frozenset({Anomaly.FEVER})) for seed in range(200)]
    for one, other in zip(wide, narrow, strict=True):
        if Anomaly.FEVER in one:
            assert other == (Anomaly.FEVER,)


def test_what_is_right_for_a_vehicle_follows_from_what_is_wrong_with_it():
    assert acceptable(()) == ("RELEASE",)
    assert "RELEASE" not in acceptable((Anomaly.SEAL_BROKEN,))
    assert acceptable((Anomaly.PLATE_MISREAD,)) == ANY
    assert set(acceptable((Anomaly.FEVER, Anomaly.SEAL_BROKEN))) == set(STOPPED)


def test_a_day_of_the_profile_brings_the_days_traffic():
    profile = Profile(opens_s=8 * 3600, hourly=load_port(GANQIMAODU).simulation.hourly)
    brought = sum(profile.rate(1622, second) for second in range(0, 86_400, 60)) * 60
    assert abs(brought - 1622) < 1
    assert profile.rate(1622, 8.5 * 3600) > profile.rate(1622, 19.5 * 3600) > 0
    assert profile.rate(1622, 3 * 3600) == 0
