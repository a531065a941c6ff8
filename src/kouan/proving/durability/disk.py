"""A disk with a volatile cache: files and names, syncs that keep or lie, power cuts, and bits that flip at rest.

It is a model in memory, and the medium itself: what is read is the model's bytes. ``mount`` serves it to real programs.
"""

import stat
from collections.abc import Sequence
from random import Random

import msgspec

from kouan.proving.durability.file_data import Fate, FileData, Odds
from kouan.proving.durability.names import ROOT, Names, Promise
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import NotFound

MOST_ZEROS = 10_000
"""How often a byte is drawn again that is zero. Our choice: a file of transactions' states holds one in a thousand."""


class Node(msgspec.Struct):
    """A file, folder or symbolic link. ``mode`` is as in stat(2); times are in nanoseconds.

    Mode, owner and times are taken as durable at once: nothing that a port promises rests on them.
    """

    number: int
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    data: FileData | None = None
    target: str = ""
    links: int = 1
    opened: int = 0


class Damage(msgspec.Struct, frozen=True):
    """What one power cut did to what was not synced: changes of bytes, and of names."""

    kept: int = 0
    lost: int = 0
    torn: int = 0
    names_kept: int = 0
    names_lost: int = 0
    files_changed: int = 0


def total(one: Damage, other: Damage) -> Damage:
    """Return what two power cuts did together."""
    fields = msgspec.structs.asdict(other)
    return Damage(**{name: getattr(one, name) + value for name, value in fields.items()})


class Flip(msgspec.Struct, frozen=True):
    """One bit that was turned over: the file's path, and the byte."""

    path: str
    offset: int


class Disk:
    """Folders and files by number. ``lies`` are topmost folders whose syncs are answered and not done: a control."""

    def __init__(self, clock: Clock, promise: Promise = Promise.JOURNALLED) -> None:
        self.names = Names(promise, self._lies_about)
        self.lies: frozenset[str] = frozenset()
        self.syncs = 0
        self.writes = 0
        self._clock = clock
        self._last = ROOT
        self._nodes: dict[int, Node] = {ROOT: Node(ROOT, stat.S_IFDIR | 0o755, 0, 0, self._now())}
        self._tops: dict[int, str] = {}
        self._dead: set[int] = set()

    def node(self, number: int) -> Node:
        """Return what has a number; raise NotFound."""
        found = self._nodes.get(number)
        if found is None:
            raise NotFound(f"nothing has the number {number}")
        return found

    def at(self, path: str) -> Node:
        """Return what stands at a path; raise NotFound."""
        return self.node(self.names.resolve(path))

    def data(self, number: int) -> FileData:
        """Return a file's bytes; raise NotFound where it is none."""
        data = self.node(number).data
        if data is None:
            raise NotFound(f"number {number} is no file")
        return data

    def make(self, folder: int, name: str, mode: int, uid: int = 0, gid: int = 0, target: str = "") -> Node:
        """Make a file, a folder or a symbolic link, as ``mode`` says."""
        node = Node(self._last + 1, mode, uid, gid, self._now(), target=target)
        if stat.S_ISREG(mode):
            node.data = FileData()
        self.names.put(folder, name, node.number, is_folder=stat.S_ISDIR(mode))
        self._last = node.number
        self._nodes[node.number] = node
        self._tops[node.number] = self._tops.get(folder, name)
        return node

    def link(self, number: int, folder: int, name: str) -> None:
        """Give a file one more name."""
        self.names.put(folder, name, number)
        self.node(number).links += 1

    def remove(self, folder: int, name: str) -> None:
        """Take a name away."""
        self._unlinked(self.names.remove(folder, name))

    def rename(self, folder: int, name: str, to_folder: int, to_name: str) -> None:
        """Give something another name, in the place of what has it."""
        replaced = self.names.rename(folder, name, to_folder, to_name)
        moved = self.names.find(to_folder, to_name)
        if moved is not None and ROOT in (folder, to_folder):
            self._retop(moved, self._tops.get(to_folder, to_name))
        if replaced is not None:
            self._unlinked(replaced)

    def write(self, number: int, offset: int, payload: bytes) -> None:
        """Put bytes into a file."""
        self.writes += 1
        self.data(number).write(offset, payload)
        self.touch(number)

    def truncate(self, number: int, size: int) -> None:
        """Give a file another length."""
        self.data(number).truncate(size)
        self.touch(number)

    def touch(self, number: int) -> None:
        """Take note that something is changed now."""
        self.node(number).mtime_ns = self._now()

    def sync(self, number: int) -> None:
        """Do what fsync(2) does with a file or a folder, unless this is a folder where syncs are lies."""
        self.syncs += 1
        if self._lies_about(number):
            return
        node = self.node(number)
        if node.data is None:
            self.names.sync_folder(number)
        else:
            node.data.sync()
            self.names.sync_file(number)
        self._bury()

    def sync_all(self) -> None:
        """Make everything durable, as after sync(2)."""
        for node in self._nodes.values():
            if node.data is not None:
                node.data.sync()
        self.names.sync_all()
        self._bury()

    def let_go(self, number: int) -> None:
        """Take note that a file is open once less; one without a name goes when it is not open any more."""
        node = self._nodes.get(number)
        if node is not None:
            node.opened -= 1
            self._bury()

    def cut(self, chance: Random, odds: Odds) -> Damage:
        """Cut the power while nothing is open: only what was synced surely stays."""
        names_kept, names_lost = self.names.cut(chance, odds.lost)
        self._count_names()
        fates: list[Fate] = []
        changed = 0
        for node in self._nodes.values():
            if node.data is not None and node.data.pending:
                mine = node.data.cut(chance, odds)
                fates += mine
                changed += any(fate is not Fate.KEPT for fate in mine)
        count = {fate: fates.count(fate) for fate in Fate}
        return Damage(count[Fate.KEPT], count[Fate.LOST], count[Fate.TORN], names_kept, names_lost, changed)

    def files(self, under: str = "") -> list[tuple[str, Node]]:
        """Return every file below a path, or the one that stands there, by path, in order."""
        try:
            top = self.at(under)
        except NotFound:
            return []
        if top.data is not None:
            return [(under, top)]
        found: list[tuple[str, Node]] = []
        for name, number in sorted(self.names.folders.get(top.number, {}).items()):
            path = f"{under}/{name}".lstrip("/")
            if number in self.names.folders:
                found += self.files(path)
            elif self.node(number).data is not None:
                found.append((path, self.node(number)))
        return found

    def flip(self, chance: Random, under: Sequence[str], bits: int = 1) -> list[Flip]:
        """Turn bits over in files below these paths; do it after a cut.

        Every byte is as likely as any other, but bytes that are zero are passed over where others are found soon: most
        of what is written ahead is nothing but zeros that nobody reads.
        """
        files = [(path, node.data) for place in under for path, node in self.files(place) if node.data]
        sizes = [len(data) for _, data in files]
        done: list[Flip] = []
        for _ in range(bits if files else 0):
            path, data, offset = "", files[0][1], 0
            for _ in range(MOST_ZEROS):
                path, data = chance.choices(files, sizes)[0]
                offset = chance.randrange(len(data))
                if data.read(offset, 1) != b"\0":
                    break
            data.flip(offset * 8 + chance.randrange(8))
            done.append(Flip(path, offset))
        return done

    def _lies_about(self, number: int) -> bool:
        return self._tops.get(number, "") in self.lies

    def _now(self) -> int:
        return self._clock.now() * 1000

    def _retop(self, number: int, top: str) -> None:
        self._tops[number] = top
        for each in self.names.folders.get(number, {}).values():
            self._retop(each, top)

    def _unlinked(self, number: int) -> None:
        self.node(number).links -= 1
        self._dead.add(number)
        self._bury()

    def _bury(self) -> None:
        """Forget what has no name, is not open, and would not get a name back at a cut."""
        if not self._dead:
            return
        held = self.names.held()
        for number in sorted(self._dead - held):
            node = self._nodes[number]
            if node.links > 0:
                self._dead.discard(number)
            elif node.opened <= 0:
                self._forget(number)

    def _count_names(self) -> None:
        """Forget all that a cut left without a name, and count the names of the rest anew."""
        names = self.names.reachable()
        for number, node in list(self._nodes.items()):
            node.opened, node.links = 0, names[number]
            if not node.links:
                self._forget(number)
        self._dead.clear()

    def _forget(self, number: int) -> None:
        del self._nodes[number]
        self._dead.discard(number)
        self._tops.pop(number, None)
        self.names.forget(number)
