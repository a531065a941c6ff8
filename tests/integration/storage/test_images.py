"""Pictures by their hash; each test runs on files and in memory."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from kouan.adapters.images import MAX_IMAGE_BYTES, FileImages, MemoryImages
from kouan.vocabulary.errors import Corrupt, InvalidValue, NotFound

JPEG = b"\xff\xd8\xff\xe0 a picture"
NAME = hashlib.sha256(JPEG).hexdigest()


@pytest.fixture(params=["files", "memory"])
def images(request: pytest.FixtureRequest, tmp_path: Path) -> FileImages | MemoryImages:
    return FileImages(tmp_path) if request.param == "files" else MemoryImages()


async def test_a_picture_comes_back(images: FileImages | MemoryImages) -> None:
    await asyncio.gather(*[images.put(NAME, JPEG) for _ in range(5)])
    assert await images.get(NAME) == JPEG
    assert await images.has(NAME)


async def test_a_picture_that_was_never_kept_is_not_found(images: FileImages | MemoryImages) -> None:
    assert not await images.has(NAME)
    with pytest.raises(NotFound):
        await images.get(NAME)


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("0" * 64, JPEG, "image.sha256"),
        (NAME.upper(), JPEG, "image.name"),
        ("../../etc/passwd", JPEG, "image.name"),
        (hashlib.sha256(b"GIF89a").hexdigest(), b"GIF89a", "image.jpeg"),
        (NAME, JPEG + bytes(MAX_IMAGE_BYTES), "image.size"),
    ],
)
async def test_what_is_not_the_named_picture_is_refused(
    images: FileImages | MemoryImages, name: str, content: bytes, rule: str
) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await images.put(name, content)
    assert refusal.value.rule == rule


async def test_a_name_with_a_path_in_it_is_never_read(images: FileImages | MemoryImages) -> None:
    with pytest.raises(InvalidValue):
        await images.get("../../etc/passwd")
    with pytest.raises(InvalidValue):
        await images.has("../../etc/passwd")


def files_in(folder: Path) -> list[Path]:
    return [found for found in folder.rglob("*") if found.is_file()]


async def test_a_picture_changed_on_the_disk_is_found_out_and_mended_by_its_sender(tmp_path: Path) -> None:
    images = FileImages(tmp_path)
    await images.put(NAME, JPEG)
    (file,) = files_in(tmp_path)
    file.write_bytes(b"something else")
    with pytest.raises(Corrupt):
        await images.get(NAME)
    await images.put(NAME, JPEG)
    assert await images.get(NAME) == JPEG
    assert [found.name for found in files_in(tmp_path)] == [f"{NAME}.jpg"]
