"""The console is built by one script, keyed on its sources, with node from a wheel; and its types hold."""

import pathlib
import shutil
import subprocess

import pytest
from tests.browser.conftest import ROOT, load_build_script


@pytest.fixture
def checkout(tmp_path: pathlib.Path, built_console: None) -> pathlib.Path:
    """A second checkout, at another path, whose packages were installed before."""
    copy = tmp_path / "checkout"
    (copy / "src" / "kouan").mkdir(parents=True)
    shutil.copytree(ROOT / "scripts", copy / "scripts")
    shutil.copytree(ROOT / "console", copy / "console", ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["cp", "-al", ROOT / "console/node_modules", copy / "console/node_modules"], check=True)
    return copy


def test_what_is_missing_is_built_and_what_is_there_is_left(checkout: pathlib.Path) -> None:
    script = load_build_script(checkout)
    page = checkout / "src" / "kouan" / "console_dist" / "index.html"
    assert script.build() is True
    assert page.is_file()
    assert script.build() is False
    shutil.rmtree(page.parent)
    assert script.build() is True
    assert "module" in page.read_text("utf-8")


def test_a_changed_source_is_built_anew(checkout: pathlib.Path) -> None:
    script = load_build_script(checkout)
    script.build()
    catalogue = checkout / "console/src/lib/i18n/en.json"
    catalogue.write_text(catalogue.read_text("utf-8").replace('"Overview"', '"Survey"'), "utf-8")
    assert script.is_built() is False
    assert script.build() is True
    built = "".join(path.read_text("utf-8") for path in (checkout / "src/kouan/console_dist/assets").glob("*.js"))
    assert "Survey" in built


def test_a_failed_build_leaves_what_was_built_before(checkout: pathlib.Path) -> None:
    script = load_build_script(checkout)
    script.build()
    (checkout / "console/src/main.ts").write_text("import './nothing.css';", "utf-8")
    with pytest.raises(script.BuildFailed, match="vite build failed"):
        script.build()
    assert (checkout / "src/kouan/console_dist/index.html").is_file()


def test_the_types_of_the_console_hold(built_console: None) -> None:
    node, _ = load_build_script().programs()
    command = [
        node,
        "node_modules/svelte-check/bin/svelte-check",
        "--tsconfig",
        "./tsconfig.json",
        "--fail-on-warnings",
    ]
    done = subprocess.run(command, cwd=ROOT / "console", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
