"""The disk that loses power, as a model: what was synced survives, and nothing is invented."""

import stat
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.adapters.clock import SystemClock
from kouan.adapters.lane_controller import frames
from kouan.gate.lane_controller.records import EpochRaised
from kouan.proving.durability.disk import Disk
from kouan.proving.durability.file_data import ALL_LOST, SECTOR, Fate, FileData, Odds
from kouan.proving.durability.names import ROOT, Names, Promise
from kouan.vocabulary.errors import Conflict, NotFound

FILE = stat.S_IFREG | 0o600
FOLDER = stat.S_IFDIR | 0o700

offsets = st.integers(0, 4 * SECTOR)
changes = st.one_of(
    st.tuples(st.just("write"), offsets, st.binary(min_size=1, max_size=3 * SECTOR)),
    st.tuples(st.just("truncate"), offsets, st.just(b"")),
)
odds = st.builds(lambda lost, torn: Odds(lost, min(torn, 1 - lost)), st.floats(0, 1), st.floats(0, 1))


def change(data: FileData, what: tuple[str, int, bytes]) -> None:
    kind, offset, payload = what
    if kind == "write":
        data.write(offset, payload)
    else:
        data.truncate(offset)


def contents(data: FileData) -> bytes:
    return data.read(0, len(data))


def sector(whole: bytes, number: int) -> bytes:
    return whole[number * SECTOR : (number + 1) * SECTOR].ljust(SECTOR, b"\0")


@given(before=st.lists(changes), seed=st.integers(), odds=odds)
def test_what_was_synced_survives_every_cut(before: list[tuple[str, int, bytes]], seed: int, odds: Odds) -> None:
    data = FileData()
    for each in before:
        change(data, each)
    data.sync()
    synced = contents(data)
    assert data.cut(Random(seed), odds) == []
    assert contents(data) == synced


@given(before=st.lists(changes, max_size=5), after=st.lists(changes, max_size=8), seed=st.integers(), odds=odds)
def test_every_sector_holds_what_it_held_at_one_moment_since_the_last_sync(
    before: list[tuple[str, int, bytes]], after: list[tuple[str, int, bytes]], seed: int, odds: Odds
) -> None:
    data = FileData()
    for each in before:
        change(data, each)
    data.sync()
    moments = [contents(data)]
    for each in after:
        change(data, each)
        moments.append(contents(data))
    data.cut(Random(seed), odds)
    left = contents(data)
    lengths = [len(moment) for moment in moments]
    assert min(lengths) <= len(left) <= max(lengths)
    for number in range(-(-len(left) // SECTOR)):
        length = len(left[number * SECTOR : (number + 1) * SECTOR])
        assert sector(left, number)[:length] in {sector(moment, number)[:length] for moment in moments}
    assert data.pending == 0


@given(after=st.lists(changes, max_size=8), seed=st.integers())
def test_a_cut_that_loses_all_goes_back_to_the_last_sync(after: list[tuple[str, int, bytes]], seed: int) -> None:
    data = FileData(b"synced" * 200)
    for each in after:
        change(data, each)
    fates = data.cut(Random(seed), ALL_LOST)
    assert set(fates) <= {Fate.LOST}
    assert contents(data) == b"synced" * 200


@given(after=st.lists(changes, max_size=8), seed=st.integers())
def test_a_cut_that_keeps_all_changes_nothing(after: list[tuple[str, int, bytes]], seed: int) -> None:
    data = FileData(b"synced" * 200)
    for each in after:
        change(data, each)
    now = contents(data)
    data.cut(Random(seed), Odds(0, 0))
    assert contents(data) == now


def test_cuts_lose_tear_and_keep() -> None:
    seen: set[bytes] = set()
    for seed in range(200):
        data = FileData(b"a" * 2 * SECTOR)
        data.write(0, b"b" * 2 * SECTOR)
        data.cut(Random(seed), Odds())
        seen.add(bytes(sorted(set(contents(data)))))
    assert seen == {b"a", b"b", b"ab"}


def test_what_was_written_after_a_shortening_that_is_lost_is_lost_with_it() -> None:
    for seed in range(100):
        data = FileData(b"old" * SECTOR)
        data.truncate(0)
        data.write(0, b"new")
        data.cut(Random(seed), Odds(0.5, 0.0))
        assert contents(data) in (b"old" * SECTOR, b"", b"new")


@given(st.integers(1, 40), st.integers(), odds)
def test_a_nonce_log_whose_last_append_a_cut_tore_reads_as_before_it_or_after_it(
    records: int, seed: int, odds: Odds
) -> None:
    """The log and the disk fit: however a cut tears an append, the log is read, and no record before it is lost."""
    data = FileData(frames.MAGIC + frames.encode([EpochRaised("I1", 1)]))
    appended = [EpochRaised("I1", 2 + number) for number in range(records)]
    data.write(len(data), frames.encode(appended))
    data.cut(Random(seed), odds)
    assert frames.decode(contents(data))[0] in ([EpochRaised("I1", 1)], [EpochRaised("I1", 1), *appended])


Edit = tuple[str, int, int]
"""An act on names: what, and the places of two names."""

edits = st.lists(st.tuples(st.sampled_from(["put", "remove", "rename", "sync"]), st.integers(0, 7), st.integers(0, 7)))


class Folders:
    """Two folders below the root, and eight names in them, at which acts are aimed."""

    def __init__(self, promise: Promise) -> None:
        self.names = Names(promise)
        self.names.put(ROOT, "one", 2, is_folder=True)
        self.names.put(ROOT, "two", 3, is_folder=True)
        self.names.sync_all()
        self.last = 3

    def place(self, number: int) -> tuple[int, str]:
        return 2 + number // 4, "abcd"[number % 4]

    def act(self, edit: Edit) -> None:
        what, first, second = edit
        try:
            if what == "put":
                self.names.put(*self.place(first), self.last + 1)
                self.last += 1
            elif what == "remove":
                self.names.remove(*self.place(first))
            elif what == "rename":
                self.names.rename(*self.place(first), *self.place(second))
            else:
                self.names.sync_folder(2 + first // 4)
        except (Conflict, NotFound):
            return

    def now(self) -> dict[int, dict[str, int]]:
        return {number: dict(folder) for number, folder in self.names.folders.items()}


@given(edits, st.integers(), st.floats(0, 1))
def test_journalled_names_go_back_to_one_moment_since_the_last_sync(acts: list[Edit], seed: int, lost: float) -> None:
    folders = Folders(Promise.JOURNALLED)
    moments = [folders.now()]
    for act in acts:
        folders.act(act)
        moments.append(folders.now())
    folders.names.cut(Random(seed), lost)
    assert folders.now() in moments


@given(edits, st.integers(), st.floats(0, 1))
def test_strict_names_each_stand_for_what_they_stood_for_once_and_nothing_has_two(
    acts: list[Edit], seed: int, lost: float
) -> None:
    folders = Folders(Promise.STRICT)
    moments = [folders.now()]
    for act in acts:
        folders.act(act)
        moments.append(folders.now())
    folders.names.cut(Random(seed), lost)
    left = folders.now()
    for folder in (2, 3):
        for name, number in left[folder].items():
            assert number in {moment[folder].get(name) for moment in moments}
    numbers = [number for folder in (2, 3) for number in left[folder].values()]
    assert len(numbers) == len(set(numbers))


@given(edits, st.integers(), st.sampled_from(Promise))
def test_names_in_a_synced_folder_survive_every_cut(acts: list[Edit], seed: int, promise: Promise) -> None:
    folders = Folders(promise)
    for act in acts:
        folders.act(act)
    folders.names.sync_folder(2)
    folders.names.sync_folder(3)
    synced = folders.now()
    folders.names.cut(Random(seed), 1.0)
    assert folders.now() == synced


def test_a_folder_that_is_gone_for_good_takes_all_that_stood_in_it_along() -> None:
    disk = Disk(SystemClock(), Promise.STRICT)
    folder = disk.make(ROOT, "folder", FOLDER).number
    disk.make(folder, "file", FILE)
    disk.sync_all()
    disk.remove(folder, "file")
    disk.remove(ROOT, "folder")
    disk.sync(ROOT)
    disk.cut(Random(1), ALL_LOST)
    assert disk.files() == []
    assert disk.names.find(ROOT, "folder") is None


def journalled(lies: Sequence[str] = ()) -> Disk:
    disk = Disk(SystemClock())
    disk.lies = frozenset(lies)
    return disk


def test_a_file_s_sync_keeps_its_name_where_names_are_journalled_and_not_where_they_are_strict() -> None:
    for promise, kept in ((Promise.JOURNALLED, True), (Promise.STRICT, False)):
        disk = Disk(SystemClock(), promise)
        number = disk.make(ROOT, "file", FILE).number
        disk.write(number, 0, b"bytes")
        disk.sync(number)
        disk.cut(Random(1), ALL_LOST)
        assert [path for path, _ in disk.files()] == (["file"] if kept else [])


def test_a_file_that_is_replaced_comes_back_whole_until_the_folder_is_synced() -> None:
    for synced, expected in ((False, b"old"), (True, b"new")):
        disk = journalled()
        old = disk.make(ROOT, "file", FILE).number
        disk.write(old, 0, b"old")
        disk.sync(old)
        new = disk.make(ROOT, "draft", FILE).number
        disk.write(new, 0, b"new")
        disk.sync(new)
        disk.rename(ROOT, "draft", ROOT, "file")
        if synced:
            disk.sync(ROOT)
        disk.cut(Random(1), ALL_LOST)
        assert disk.data(disk.at("file").number).read(0, 10) == expected


def test_a_file_that_was_removed_and_is_not_held_by_anything_is_forgotten() -> None:
    disk = journalled()
    node = disk.make(ROOT, "file", FILE)
    disk.sync(node.number)
    node.opened += 1
    disk.remove(ROOT, "file")
    assert disk.data(node.number).read(0, 1) == b""
    disk.let_go(node.number)
    assert disk.node(node.number) is node, "a cut may give it its name back"
    disk.sync(ROOT)
    with pytest.raises(NotFound):
        disk.node(node.number)


def test_syncs_in_a_folder_that_lies_do_nothing_and_those_elsewhere_hold() -> None:
    disk = journalled()
    folders = {name: disk.make(ROOT, name, FOLDER).number for name in ("lying", "honest")}
    disk.sync_all()
    disk.lies = frozenset({"lying"})
    for name, folder in folders.items():
        number = disk.make(folder, "file", FILE).number
        disk.write(number, 0, name.encode())
        disk.sync(number)
        disk.sync(folder)
    disk.cut(Random(1), ALL_LOST)
    assert [path for path, _ in disk.files()] == ["honest/file"]
    assert disk.data(disk.at("honest/file").number).read(0, 10) == b"honest"


@settings(max_examples=50)
@given(st.integers(), st.integers(1, 30))
def test_a_flip_turns_over_as_many_bits_as_it_says_and_only_there(seed: int, bits: int) -> None:
    disk = journalled()
    number = disk.make(ROOT, "file", FILE).number
    disk.write(number, 0, bytes(range(1, 256)) * 8)
    other = disk.make(ROOT, "other", FILE).number
    disk.write(other, 0, b"untouched")
    before = disk.data(number).read(0, 5000)
    flips = disk.flip(Random(seed), ["file"], bits)
    after = disk.data(number).read(0, 5000)
    changed = {place for place, (one, two) in enumerate(zip(before, after, strict=True)) if one != two}
    assert len(flips) == bits
    assert changed <= {flip.offset for flip in flips}
    assert {flip.path for flip in flips} == {"file"}
    assert disk.data(other).read(0, 20) == b"untouched"
