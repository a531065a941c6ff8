"""The experiment's parts stand by themselves: where one cannot go on, the others are made, and it is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from kouan.proving.durability import experiment
from kouan.proving.durability.control import Control
from kouan.proving.durability.disk import Damage
from kouan.proving.durability.edge import Edge
from kouan.proving.durability.experiment import DurabilitySetting, run_experiment
from kouan.proving.durability.flips import Kind, Outcome, Trial, _judge
from kouan.proving.durability.mounted_disk import MountedDisk
from kouan.vocabulary.errors import Unavailable

SETTING = DurabilitySetting(kills=3)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for what takes minutes: three cuts, a flip that is found out, and a control that loses."""

    def kills(setting: DurabilitySetting, found: experiment.Outcomes, *_: object) -> None:
        found.tally.kills, found.tally.damage = setting.kills, Damage(lost=1)

    def flips(_: DurabilitySetting, found: experiment.Outcomes, *__: object) -> None:
        found.flips.append(Trial(Kind.WAL, ("a:1",), Outcome.DETECTED))

    monkeypatch.setattr(experiment, "_kills", kills)
    monkeypatch.setattr(experiment, "_flips", flips)
    monkeypatch.setattr(experiment, "run_control", lambda name, *_: Control(name, 1, 0, 0, 0, came_back=True))


def fails(*_: object) -> None:
    raise Unavailable("the disk cannot be unmounted")


def tell_nobody(_: str) -> None: ...


@pytest.mark.usefixtures("parts")
def test_each_part_is_made_on_a_disk_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[Path] = []

    def control(name: str, work: Path, *_: object) -> Control:
        places.append(work)
        return Control(name, 1, 0, 0, 0, came_back=True)

    def flips(_: object, __: object, work: Path, ___: object) -> None:
        places.append(work)

    monkeypatch.setattr(experiment, "_flips", flips)
    monkeypatch.setattr(experiment, "run_control", control)
    run_experiment(SETTING, tell_nobody)
    assert len(set(places)) == 2


@pytest.mark.usefixtures("parts")
def test_flips_that_cannot_go_on_break_the_experiment_and_controls_are_made_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run_experiment(SETTING, tell_nobody).broken(SETTING) == []
    monkeypatch.setattr(experiment, "_flips", fails)
    told: list[str] = []
    found = run_experiment(SETTING, told.append)
    assert found.broken(SETTING) == told == ["flips cannot go on: the disk cannot be unmounted"]
    assert [control.name for control in found.controls] == ["everything"]


@pytest.mark.usefixtures("parts")
def test_an_experiment_of_which_nothing_could_be_done_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, "_kills", fails)
    with pytest.raises(Unavailable, match="cannot be unmounted"):
        run_experiment(SETTING, tell_nobody)


def test_a_port_whose_simulated_field_has_ended_is_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = Edge(tmp_path, MountedDisk(tmp_path / "disk"), speed=1.0, seed=1)
    monkeypatch.setattr(edge.port, "launch", lambda: pytest.fail("it was started"))
    (tmp_path / "field.log").write_text("no more lorries\n")
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"]) as field:
        field.wait()
        monkeypatch.setattr(edge, "_field", field)
        with pytest.raises(Unavailable, match="field ended with code 1: no more lorries"):
            edge.start()


@pytest.mark.parametrize(
    ("after", "marked", "outcome"),
    [
        ({"a": "1", "b": "1"}, True, Outcome.HARMLESS),
        ({"a": "1"}, True, Outcome.FORGOTTEN),
        ({"a": "1"}, False, Outcome.SERVED),
        ({"a": "1", "c": "1"}, True, Outcome.SERVED),
        ({"a": "1", "b": "2"}, True, Outcome.SERVED),
        ({"a": "1", "": "a warning"}, False, Outcome.DETECTED),
    ],
)
def test_what_is_missing_after_the_mark_is_forgotten_and_what_is_served_differently_is_served_wrong(
    after: dict[str, str], marked: bool, outcome: Outcome
) -> None:
    assert _judge({"a": "1", "b": "1"}, after, marked=marked)[0] is outcome
