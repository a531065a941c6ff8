"""The release rules that come with kouan or lie in a port's own folder, read from files."""

from collections.abc import Mapping
from pathlib import Path

from kouan.inspection.release.rulebook import ReleaseBook, parse_book
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import NotFound

EVERYWHERE = "release.toml"
"""The rules that hold at every port; ``release-<port>.toml`` beside it holds what a port adds."""


def texts_in(folder: Path, port: str | None = None) -> Mapping[str, str]:
    """Return the rule files of a port by name, or without one those of all ports; raise NotFound."""
    path = folder / EVERYWHERE
    if not path.is_file():
        raise NotFound(f"there are no release rules {path}")
    names = sorted(folder.glob("release-*.toml")) if port is None else [folder / f"release-{port}.toml"]
    return {file.name: file.read_text(encoding="utf-8") for file in (path, *names) if file.is_file()}


class FileReleaseRules:
    """Plays ``ReleaseRules`` from files, read once: raises NotFound or InvalidValue where that cannot be done."""

    def __init__(self, folder: Path, port: str) -> None:
        self._book = parse_book(list(texts_in(folder, port).values()))

    async def book(self, at: Instant) -> ReleaseBook:  # noqa: ARG002 - files say the same at every instant
        """Return the rules, with all their versions."""
        return self._book
