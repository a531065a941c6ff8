"""What is kept of studies in a folder: the mappings that people confirmed."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from kouan.adapters.folders import write_whole
from kouan.planning.study.mapping import Mapping, fingerprint
from kouan.vocabulary.errors import Corrupt


class KeptMappings:
    """Confirmed mappings, a file for all tables with the same headers.

    Where nobody is there to confirm (``confirmed`` is false), what is known is used and nothing is kept.
    """

    def __init__(self, folder: Path, *, confirmed: bool) -> None:
        self._folder = folder / "mappings"
        self._confirmed = confirmed

    def find(self, headers: Sequence[str]) -> Mapping | None:
        """Return the mapping confirmed for tables with these headers; raise Corrupt where its file cannot be read."""
        path = self._folder / f"{fingerprint(headers)}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Mapping)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise Corrupt(f"the mapping {path} cannot be read: delete it to be asked again ({error})") from error

    def keep(self, headers: Sequence[str], mapping: Mapping) -> None:
        """Remember a mapping, if somebody confirmed it."""
        if self._confirmed:
            write_whole(self._folder / f"{fingerprint(headers)}.json", msgspec.json.encode(mapping))


class KeptNothing:
    """Remembers nothing: every table is guessed anew."""

    def find(self, headers: Sequence[str]) -> Mapping | None:  # noqa: ARG002 - the role's form
        """Return None."""
        return None

    def keep(self, headers: Sequence[str], mapping: Mapping) -> None:
        """Forget it."""
