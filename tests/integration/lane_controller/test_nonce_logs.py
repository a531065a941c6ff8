"""What every nonce log promises, tried on the file and on the one in memory; then what only each of them can show."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from kouan.adapters.lane_controller import frames
from kouan.adapters.lane_controller.file_log import FileNonceLog
from kouan.adapters.lane_controller.memory_log import Medium, MemoryNonceLog
from kouan.gate.lane_controller.records import (
    EpochRaised,
    Horizon,
    Intent,
    Latched,
    NonceLog,
    Outcome,
    Record,
    SightKept,
)
from kouan.gate.lane_controller.view import Readings, VehicleView
from kouan.protocols.barrier.messages import Barrier, BarrierPosition
from kouan.protocols.lane_order.messages import ActuationOutcome
from kouan.vocabulary.errors import Conflict, Corrupt, Unavailable


def intent(number: int, nonce: int | None = None, lane: str = "I1", expires_at: int = 1000) -> Intent:
    nonce = number if nonce is None else nonce
    return Intent(lane, f"order-{number}", "platform:p", f"nonce-{nonce:012d}", expires_at)


def outcome(number: int) -> Outcome:
    return Outcome("I1", f"order-{number}", ActuationOutcome.ACTUATED, None, 900, 50)


class Place:
    """Where a log lies, and how its process starts, dies and finds its bytes."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "nonces" / "log" if folder else None
        self._medium = Medium()
        self._open: list[FileNonceLog] = []

    def start(self) -> NonceLog:
        if self._path is None:
            return MemoryNonceLog(self._medium)
        for log in self._open:
            log.close()
        log = FileNonceLog(self._path)
        self._open.append(log)
        return log

    def close(self) -> None:
        for log in self._open:
            log.close()

    @property
    def contents(self) -> bytes:
        return self._medium.durable if self._path is None else self._path.read_bytes()

    @contents.setter
    def contents(self, data: bytes) -> None:
        self._medium.durable = data
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_bytes(data)


@pytest.fixture(params=["file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path if request.param == "file" else None)
    yield found
    found.close()


async def test_what_was_appended_is_there_after_a_restart(place: Place) -> None:
    log = place.start()
    view = VehicleView(4, 77, Readings(4, axles=6, alone=True, plate="蒙B023H6"), 3)
    records: list[Record] = [
        intent(1),
        outcome(1),
        EpochRaised("I1", 3),
        Latched("I1", "tailgating"),
        SightKept("I1", view, {Barrier.RELEASE: BarrierPosition.CLOSED}, ("loop",)),
    ]
    for record in records:
        await log.append([record])
    assert await log.read() == tuple(records)
    assert await place.start().read() == tuple(records)


@pytest.mark.parametrize("second", [intent(1, nonce=2), intent(2, nonce=1), intent(2, nonce=1, lane="I2")])
async def test_an_order_id_or_a_nonce_is_taken_once_in_any_lane(place: Place, second: Intent) -> None:
    log = place.start()
    await log.append([intent(1)])
    with pytest.raises(Conflict):
        await log.append([EpochRaised("I1", 9), second])
    with pytest.raises(Conflict):
        await place.start().append([EpochRaised("I1", 9), second])
    assert await place.start().read() == (intent(1),)


async def test_a_tail_torn_at_any_byte_loses_only_the_last_append(place: Place) -> None:
    log = place.start()
    await log.append([intent(1), EpochRaised("I1", 1)])
    whole = len(place.contents)
    await log.append([outcome(1), EpochRaised("I1", 2)])
    contents = place.contents
    for cut in range(whole, len(contents)):
        place.contents = contents[:cut]
        again = place.start()
        assert await again.read() == (intent(1), EpochRaised("I1", 1))
        await again.append([outcome(1)])
        assert await place.start().read() == (intent(1), EpochRaised("I1", 1), outcome(1))


async def test_a_last_append_that_was_not_written_is_dropped(place: Place) -> None:
    log = place.start()
    await log.append([intent(1)])
    whole = len(place.contents)
    await log.append([intent(2)])
    place.contents = place.contents[:whole] + bytes(500)
    assert await place.start().read() == (intent(1),)


async def test_a_last_append_whose_sectors_were_written_in_any_part_is_dropped(place: Place) -> None:
    log = place.start()
    await log.append([intent(1)])
    whole = len(place.contents)
    await log.append([intent(number) for number in range(2, 20)])
    contents = place.contents
    sectors = range(whole // frames.SECTOR_BYTES, -(-len(contents) // frames.SECTOR_BYTES))
    assert len(sectors) > 4
    for written in range(2 ** len(sectors) - 1):
        torn = bytearray(contents)
        for number, sector in enumerate(sectors):
            if not written >> number & 1:
                start = max(whole, sector * frames.SECTOR_BYTES)
                end = min(len(contents), (sector + 1) * frames.SECTOR_BYTES)
                torn[start:end] = bytes(end - start)
        place.contents = bytes(torn)
        assert await place.start().read() == (intent(1),)


async def test_a_flipped_bit_in_the_last_append_is_refused_and_no_nonce_forgotten(place: Place) -> None:
    log = place.start()
    await log.append([intent(1)])
    whole = len(place.contents)
    await log.append([intent(2)])
    contents = place.contents
    for bit in range(whole * 8, len(contents) * 8):
        damaged = bytearray(contents)
        damaged[bit // 8] ^= 1 << bit % 8
        place.contents = bytes(damaged)
        with pytest.raises(Corrupt):
            place.start()


async def test_a_sector_that_is_blank_before_a_whole_append_is_refused(place: Place) -> None:
    log = place.start()
    await log.append([intent(number) for number in range(20)])
    await log.append([intent(20)])
    contents = bytearray(place.contents)
    contents[frames.SECTOR_BYTES : 2 * frames.SECTOR_BYTES] = bytes(frames.SECTOR_BYTES)
    place.contents = bytes(contents)
    with pytest.raises(Corrupt):
        place.start()
    contents[len(frames.MAGIC) : frames.SECTOR_BYTES] = bytes(frames.SECTOR_BYTES - len(frames.MAGIC))
    place.contents = bytes(contents)
    with pytest.raises(Corrupt):
        place.start()


async def test_a_flipped_bit_before_the_tail_is_refused(place: Place) -> None:
    log = place.start()
    for number in range(3):
        await log.append([intent(number)])
    contents = place.contents
    first = len(frames.MAGIC)
    second = first + len(frames.encode([intent(0)]))
    for at in range(first, second):
        damaged = bytearray(contents)
        damaged[at] ^= 0x10
        place.contents = bytes(damaged)
        with pytest.raises(Corrupt):
            place.start()


async def test_a_file_of_something_else_is_refused(place: Place) -> None:
    place.contents = b"something else altogether"
    with pytest.raises(Corrupt, match="does not begin as one"):
        place.start()


async def test_compaction_keeps_what_may_still_matter(place: Place) -> None:
    log = place.start()
    await log.append([intent(1, expires_at=100), outcome(1)])
    await log.append([intent(2, expires_at=200)])
    await log.append([intent(3, expires_at=900), outcome(3)])
    for epoch in range(50):
        await log.append([EpochRaised("I1", epoch)])
    await log.append([Latched("I1", "tailgating")])
    before = log.size_bytes
    await log.compact(500)
    assert log.size_bytes < before / 5
    kept = {Horizon("platform:p", 100), EpochRaised("I1", 49), Latched("I1", "tailgating"), intent(2, expires_at=200)}
    for again in (log, place.start()):
        records = await again.read()
        assert set(records) == kept | {intent(3, expires_at=900), outcome(3)}
        assert len(records) == 6
    with pytest.raises(Conflict):
        await again.append([intent(3)])


async def test_compaction_never_loses_a_latch_to_an_older_reset(place: Place) -> None:
    log = place.start()
    for cause in ("tailgating", None, "crossing_unordered"):
        await log.append([Latched("I1", cause)])
    await log.compact(10_000)
    assert (await place.start().read())[-1] == Latched("I1", "crossing_unordered")


async def test_appends_of_many_lanes_at_once_are_each_whole(place: Place) -> None:
    log = place.start()
    await asyncio.gather(*(log.append([intent(number), outcome(number)]) for number in range(50)))
    assert len(await place.start().read()) == 100


def test_a_second_controller_on_the_same_file_is_refused(tmp_path: Path) -> None:
    with FileNonceLog(tmp_path / "log"), pytest.raises(Unavailable, match="another lane controller"):
        FileNonceLog(tmp_path / "log")
    FileNonceLog(tmp_path / "log").close()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    with FileNonceLog(tmp_path / "sub" / "log"):
        assert (tmp_path / "sub" / "log").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "sub").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("step", ["write", "fsync"])
async def test_after_a_failed_write_nothing_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with FileNonceLog(tmp_path / "log") as log:
        await log.append([intent(1)])

        def fail(*_: object) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, step, fail)
            with pytest.raises(Unavailable, match="No space left"):
                await log.append([intent(2)])
        with pytest.raises(Unavailable):
            await log.append([intent(3)])
    with FileNonceLog(tmp_path / "log") as again:
        assert intent(1) in await again.read()
        assert intent(3) not in await again.read()


async def test_a_file_is_synchronised_before_an_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def watch(name: str) -> Callable[..., object]:
        def watched(*given: object) -> object:
            order.append(name)
            return real[name](*given)

        return watched

    real: dict[str, Callable[..., object]] = {"write": os.write, "fsync": os.fsync}
    with FileNonceLog(tmp_path / "log") as log:
        for name in real:
            monkeypatch.setattr(os, name, watch(name))
        await log.append([intent(1)])
        assert order == ["write", "fsync"]
        order.clear()
        await log.compact(0)
        assert order == ["write", "fsync", "fsync"]


async def test_a_medium_in_memory_fails_for_good_and_its_power_can_be_cut() -> None:
    medium = Medium()
    log = MemoryNonceLog(medium)
    await log.append([intent(1)])
    medium.failing = True
    with pytest.raises(Unavailable):
        await log.append([intent(2)])
    medium.failing = False
    with pytest.raises(Unavailable):
        await log.append([intent(3)])
    medium.cut_power(Random(1))
    assert (await MemoryNonceLog(medium).read())[:1] == (intent(1),)


async def test_a_medium_that_lies_about_synchronising_loses_what_it_confirmed() -> None:
    medium = Medium(lies=True)
    log = MemoryNonceLog(medium)
    await log.append([intent(1)])
    medium.pending = medium.pending[:-1]
    medium.cut_power(Random(3))
    assert await MemoryNonceLog(medium).read() == ()
