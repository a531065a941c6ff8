"""A port of one's own: its file and its rulebooks lie where its owner put them; make's commands exist."""

import re
import shlex
import shutil
from pathlib import Path

from typer.main import get_command

from kouan.adapters.engines.data_folder import DataFolder
from kouan.cli import app
from kouan.wiring.port_file import folder, path_of, rulebooks_beside
from kouan.wiring.processes import field
from kouan.wiring.settings import BrokerSettings, RunSettings

ROOT = Path(__file__).parents[2]
BROKER = BrokerSettings(nats_url="nats://127.0.0.1:4222", mqtt_host="127.0.0.1", mqtt_tcp_port=1883)


def test_rulebooks_beside_a_port_file_go_before_those_that_come_with_kouan(tmp_path: Path) -> None:
    own = Path(shutil.copy(path_of("ganqimaodu"), tmp_path))
    assert rulebooks_beside(own) == folder() / "rulebooks"
    (tmp_path / "rulebooks").mkdir()
    assert rulebooks_beside(own) == tmp_path / "rulebooks"


def test_a_child_process_finds_a_port_file_that_was_named_from_here(tmp_path: Path, monkeypatch) -> None:
    shutil.copy(path_of("ganqimaodu"), tmp_path / "mine.toml")
    monkeypatch.chdir(tmp_path)
    child = field(DataFolder(tmp_path / "data"), BROKER, RunSettings(port="./mine.toml"), "http://127.0.0.1:1")
    named = Path(child.spec.argv[child.spec.argv.index("--port") + 1])
    assert named.is_absolute()
    assert named.is_file()


def test_every_command_that_make_runs_exists_with_its_options() -> None:
    recipes = re.findall(r"\bkouan ([a-z].*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipes
    for recipe in recipes:
        command, words = get_command(app), shlex.split(recipe)
        while words and hasattr(command, "get_command"):
            command = command.get_command(None, words.pop(0))
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, recipe
