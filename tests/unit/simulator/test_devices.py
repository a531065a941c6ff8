import collections
from random import Random

import msgspec
import pytest
from tests.unit.simulator.field_kit import run_for

from kouan.protocols import topics
from kouan.protocols.container_camera.messages import ContainerRead
from kouan.protocols.radiation_portal.codec import LineReader
from kouan.protocols.radiation_portal.occupancy import OccupancyReader
from kouan.protocols.seal_reader.messages import SealCondition
from kouan.protocols.weighbridge.codec import FrameReader
from kouan.protocols.weighbridge.stability import StableRun
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.devices.portal import poisson
from kouan.simulator.misreading import confidence_pm, misread
from kouan.simulator.scenario import load_scenario
from kouan.simulator.truth import vehicles
from kouan.simulator.wire import garbage
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue


def only(*kinds, rate=1.0):
    return msgspec.structs.replace(load_scenario("calm"), rates=dict.fromkeys(kinds, rate))


def test_a_misreading_is_never_what_is_painted_and_is_usually_less_sure():
    random = Random(5)
    for _ in range(2000):
        assert misread(random, "1234ӨМА") != "1234ӨМА"
    wrong = [confidence_pm(random, right=False) for _ in range(4000)]
    right = [confidence_pm(random, right=True) for _ in range(4000)]
    assert sum(wrong) / 4000 < 720 < 930 < sum(right) / 4000
    deceptive = sum(one >= 850 for one in wrong) / 4000
    assert 0.05 < deceptive < 0.2
    assert sum(one < 850 for one in right) / 4000 < 0.01


def test_plates_are_misread_at_the_planted_rate_and_only_then():
    run = run_for(1800, scenario=only(Anomaly.PLATE_MISREAD, rate=0.2))
    truth = {(one.lane, one.track): one for one in vehicles(run.truth)}
    wrong = 0
    for read in run.messages("plate_camera"):
        one = truth[read.device.partition(".")[0], read.track]
        painted = one.plate if read.position == "front" else one.trailer or ""
        assert read.text == painted or Anomaly.PLATE_MISREAD in one.anomalies
        wrong += read.position == "front" and read.text != painted
    assert 0.12 < wrong / len(truth) < 0.28


def occupancies(run):
    found = {}
    for lane in ("I1", "I2", "O1"):
        lines, reader = LineReader(), OccupancyReader()
        for topic, payload, _ in run.sent:
            if topic.endswith(f"/{lane}/radiation_portal/lines"):
                for line in lines.feed(payload):
                    if occupancy := reader.take(line, 0):
                        found[lane, occupancy.number] = occupancy
    return found


def test_the_portal_is_silent_for_ordinary_goods_and_complete_for_its_reader():
    run = run_for(900)
    found = occupancies(run)
    assert len(found) >= run.summary.stopped
    assert not any(one.gamma_alarm or one.neutron_alarm or one.incomplete for one in found.values())


@pytest.mark.parametrize("kind", [Anomaly.NORM_ALARM, Anomaly.RADIATION_SOURCE])
def test_the_portal_alarms_for_every_strong_natural_load_and_every_source(kind):
    run = run_for(600, scenario=only(kind))
    found = occupancies(run)
    planted = [one for one in vehicles(run.truth) if kind in one.anomalies]
    assert len(planted) > 30
    assert all(found[one.lane, one.track].gamma_alarm for one in planted)


def test_some_sources_emit_neutrons_and_natural_loads_never_do():
    sources = occupancies(run_for(600, scenario=only(Anomaly.RADIATION_SOURCE)))
    natural = occupancies(run_for(600, scenario=only(Anomaly.NORM_ALARM)))
    assert 0.1 < sum(one.neutron_alarm for one in sources.values()) / len(sources) < 0.5
    assert not any(one.neutron_alarm for one in natural.values())


def stable_masses(run, lane):
    frames, standing, found = FrameReader(), StableRun(), []
    at = 0
    for topic, payload, _ in run.sent:
        if topic.endswith(f"/{lane}/weighbridge/frames"):
            for frame in frames.feed(payload):
                at += SECOND // 10
                standing, stable = standing.take(frame, at)
                if stable:
                    found.append(stable.mass_kg)
    assert frames.garbled_bytes == 0
    return found


def test_the_scale_shows_zero_then_swings_then_stands_at_the_true_mass():
    run = run_for(900)
    masses = stable_masses(run, "I1")
    truth = [one for one in vehicles(run.truth) if one.lane == "I1"]
    assert masses[0] == 0
    weighed = [mass for mass in masses if mass]
    for mass, one in zip(weighed, truth, strict=False):
        assert abs(mass - one.gross_kg) <= one.gross_kg * 0.001 + 20
        assert mass % 20 == 0
    assert len(weighed) >= len(truth) - 1
    assert masses.count(0) >= len(truth) - 1


def test_seals_answer_as_they_are():
    expected = {
        Anomaly.SEAL_BROKEN: {SealCondition.TAMPERED},
        Anomaly.SEAL_ABSENT: {SealCondition.ABSENT},
        Anomaly.SEAL_UNREADABLE: {SealCondition.UNREADABLE},
        Anomaly.SEAL_DIFFERS: {SealCondition.INTACT},
    }
    for kind, conditions in expected.items():
        run = run_for(120, scenario=only(kind))
        inward = [read for read in run.messages("seal_reader") if read.device.startswith("I")]
        assert {read.condition for read in inward} == conditions


def test_people_in_the_cab_are_counted_and_fever_is_measured():
    run = run_for(300, scenario=only(Anomaly.STOWAWAY, Anomaly.FEVER))
    crews = {doc["plate"]: doc["crew_count"] for kind, doc in run.papers if kind == "confirmation"}
    plates = {(one.lane, one.track): one.plate for one in vehicles(run.truth)}
    for read in run.messages("driver_terminal"):
        assert read.occupants > crews[plates[read.device.partition(".")[0], read.track]]
    assert all(told.temperature_dc >= 378 for told in run.messages("health_kiosk"))


def test_damage_is_seen_on_damaged_containers_only():
    seen = collections.Counter()
    run = run_for(1200, scenario=only(Anomaly.DAMAGED_CONTAINER, rate=0.3))
    truth = {(one.lane, one.track): one for one in vehicles(run.truth)}
    for read in run.messages("container_camera"):
        if isinstance(read, ContainerRead) and read.damage:
            one = truth[read.device.partition(".")[0], read.track]
            assert Anomaly.DAMAGED_CONTAINER in one.anomalies
            seen[read.position] += 1
    assert seen["front"] > 3


def test_garbage_is_taken_by_no_json_codec():
    random = Random(3)
    for _ in range(500):
        with pytest.raises(InvalidValue):
            topics.decode("kouan/ganqimaodu/I1/plate_camera/event", garbage(random))


def test_counts_by_chance_have_the_mean_and_spread_of_poisson():
    random = Random(1)
    for mean in (1.0, 4.0, 70.0):
        drawn = [poisson(random, mean) for _ in range(4000)]
        average = sum(drawn) / len(drawn)
        spread = sum((one - average) ** 2 for one in drawn) / len(drawn)
        assert abs(average - mean) < 0.1 * mean + 0.1
        assert abs(spread - mean) < 0.15 * mean + 0.1
