"""Models fresh from training; each test runs on files and in memory."""

import asyncio
from pathlib import Path

import pytest

from kouan.adapters.learning.artefacts import FileArtefacts, MemoryArtefacts
from kouan.vocabulary.errors import Corrupt, InvalidValue, NotFound


@pytest.fixture(params=["files", "memory"])
def artefacts(request: pytest.FixtureRequest, tmp_path: Path) -> FileArtefacts | MemoryArtefacts:
    return FileArtefacts(tmp_path) if request.param == "files" else MemoryArtefacts()


async def test_what_was_put_is_got_by_its_digest(artefacts: FileArtefacts | MemoryArtefacts) -> None:
    digest = artefacts.put(b"a model")
    assert artefacts.put(b"a model") == digest
    assert await artefacts.get(digest) == b"a model"


async def test_what_is_not_there_is_not_found(artefacts: FileArtefacts | MemoryArtefacts) -> None:
    with pytest.raises(NotFound):
        await artefacts.get("0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63])
async def test_only_a_digest_is_looked_for(artefacts: FileArtefacts | MemoryArtefacts, digest: str) -> None:
    with pytest.raises(InvalidValue):
        await artefacts.get(digest)


def test_a_file_that_was_changed_is_no_model(tmp_path: Path) -> None:
    artefacts = FileArtefacts(tmp_path)
    digest = artefacts.put(b"a model")
    assert [path.name for path in tmp_path.iterdir()] == [f"{digest}.json"]
    (tmp_path / f"{digest}.json").write_bytes(b"another model")
    with pytest.raises(Corrupt):
        asyncio.run(artefacts.get(digest))
