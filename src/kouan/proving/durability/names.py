"""The names on a disk with a volatile cache: folders, what stands in them now, and what a power cut would leave.

Two readings of what a sync makes durable:

- ``JOURNALLED``, as ext4 and XFS do it: changes of names go through one journal in their order. A sync of a file or a
  folder brings the journal up to the last change that concerns it; a cut leaves the changes up to some moment.
- ``STRICT``, no more than POSIX promises: the names in a folder are durable once that folder is synced, and a cut loses
  any of the others, each by itself, as long as none is kept that rests on a lost one. A rename stays one change.
"""

import enum
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from kouan.vocabulary.errors import Conflict, NotFound

ROOT = 1
"""The number of the topmost folder."""

Folder = dict[str, int]
"""What stands in a folder: the number of each name."""

Place = tuple[int, str]
"""A folder's number and a name in it."""


ANYTHING = ""
"""Stands for all names of a folder; no name is empty."""


class Promise(enum.StrEnum):
    """What a sync makes durable of names."""

    JOURNALLED = "journalled"
    STRICT = "strict"


class Edit(msgspec.Struct, frozen=True):
    """One name in one folder, and the number that it stood for before and stands for after; None where it is free."""

    folder: int
    name: str
    before: int | None
    after: int | None


class NameChange(msgspec.Struct, frozen=True):
    """What is changed at once: one name for a creation or a removal, two for a rename."""

    edits: tuple[Edit, ...]

    def concerns(self, number: int) -> bool:
        """Say whether a file or a folder has anything to do with this change."""
        return any(number in (edit.folder, edit.before, edit.after) for edit in self.edits)

    def stands_in(self, folder: int) -> bool:
        """Say whether this changes a name in a folder."""
        return any(edit.folder == folder for edit in self.edits)

    def gives(self) -> "set[Place | int]":
        """Return what later changes may rest on: these names, that something changed here, a folder that was made."""
        names = {(edit.folder, edit.name) for edit in self.edits} | {(edit.folder, ANYTHING) for edit in self.edits}
        return names | {edit.after for edit in self.edits if edit.after}

    def takes(self) -> "set[Place | int]":
        """Return what this rests on: earlier changes of its names, its folders, and what emptied a removed folder."""
        names = {(edit.folder, edit.name) for edit in self.edits}
        emptied = {(edit.before, ANYTHING) for edit in self.edits if edit.before}
        return names | emptied | {edit.folder for edit in self.edits}


class Names:
    """The folders of one disk. Numbers of files and folders are the caller's; ROOT exists.

    Changes in a folder that is ``frozen`` never become durable, whatever is synced.
    """

    def __init__(self, promise: Promise, frozen: Callable[[int], bool] = lambda _: False) -> None:
        self.promise = promise
        self._frozen = frozen
        self.folders: dict[int, Folder] = {ROOT: {}}
        self._pending: list[NameChange] = []

    @property
    def pending(self) -> int:
        """How many changes are not durable."""
        return len(self._pending)

    def find(self, folder: int, name: str) -> int | None:
        """Return the number that a name stands for."""
        return self.folders[folder].get(name)

    def resolve(self, path: str) -> int:
        """Return the number at a path; raise NotFound."""
        number = ROOT
        for name in path.split("/"):
            if not name:
                continue
            found = self.folders.get(number, {}).get(name)
            if found is None:
                raise NotFound(f"{path} does not exist")
            number = found
        return number

    def put(self, folder: int, name: str, number: int, *, is_folder: bool = False) -> None:
        """Give something a name; raise Conflict where the name is taken."""
        if self.find(folder, name) is not None:
            raise Conflict(f"{name} exists")
        if is_folder:
            self.folders[number] = {}
        self._do(NameChange((Edit(folder, name, None, number),)))

    def remove(self, folder: int, name: str) -> int:
        """Take a name away; return what it stood for. Raises NotFound, and Conflict for a folder that is not empty."""
        number = self.find(folder, name)
        if number is None:
            raise NotFound(f"{name} does not exist")
        if self.folders.get(number):
            raise Conflict(f"{name} is not empty")
        self._do(NameChange((Edit(folder, name, number, None),)))
        return number

    def rename(self, folder: int, name: str, to_folder: int, to_name: str) -> int | None:
        """Give something another name in the place of whatever has it; return the number that was replaced."""
        number = self.find(folder, name)
        if number is None:
            raise NotFound(f"{name} does not exist")
        replaced = self.find(to_folder, to_name)
        if replaced == number:
            return None
        if replaced is not None and self.folders.get(replaced):
            raise Conflict(f"{to_name} is not empty")
        gone, come = Edit(folder, name, number, None), Edit(to_folder, to_name, replaced, number)
        self._do(NameChange((gone, come)))
        return replaced

    def sync_file(self, number: int) -> int:
        """Make durable what a file's sync does; return how many changes that were."""
        if self.promise is Promise.STRICT:
            return 0
        return self._sync_up_to(number)

    def sync_folder(self, number: int) -> int:
        """Make durable what a folder's sync does; return how many changes that were."""
        if self.promise is Promise.JOURNALLED:
            return self._sync_up_to(number)
        synced = _with_grounds(self._pending, [change.stands_in(number) for change in self._pending])
        self._pending = [change for change, done in zip(self._pending, synced, strict=True) if not done]
        return sum(synced)

    def sync_all(self) -> None:
        """Make every change durable."""
        self._pending.clear()

    def cut(self, chance: Random, lost: float) -> tuple[int, int]:
        """Cut the power; return how many changes were kept, and how many were lost.

        ``lost`` is how likely one change is lost; 1 goes back to what was durable.
        """
        total = len(self._pending)
        if self.promise is Promise.JOURNALLED:
            count = 0 if lost >= 1 else chance.randint(0, total)
            kept = [place < count for place in range(total)]
        else:
            kept = _without_lost_grounds(self._pending, [chance.random() >= lost for _ in range(total)])
        self._go_back(kept)
        self._pending.clear()
        return sum(kept), total - sum(kept)

    def reachable(self) -> Counter[int]:
        """Return how many names everything has now that has one; ROOT counts as named."""
        found, waiting = Counter({ROOT: 1}), [ROOT]
        while waiting:
            for number in self.folders[waiting.pop()].values():
                found[number] += 1
                if number in self.folders:
                    waiting.append(number)
        return found

    def held(self) -> set[int]:
        """Return the numbers that a cut might give their name back."""
        return {edit.before for change in self._pending for edit in change.edits if edit.before is not None}

    def forget(self, number: int) -> None:
        """Forget a folder that is gone for good."""
        self.folders.pop(number, None)

    def _do(self, change: NameChange) -> None:
        self._pending.append(change)
        self._apply(change)

    def _apply(self, change: NameChange) -> None:
        for edit in change.edits:
            self._set(edit.folder, edit.name, edit.after)

    def _set(self, folder: int, name: str, number: int | None) -> None:
        if number is None:
            self.folders[folder].pop(name, None)
        else:
            self.folders[folder][name] = number

    def _sync_up_to(self, number: int) -> int:
        last = max((place for place, change in enumerate(self._pending) if change.concerns(number)), default=-1)
        stay = [
            change for change in self._pending[: last + 1] if any(self._frozen(edit.folder) for edit in change.edits)
        ]
        self._pending[: last + 1] = stay
        return last + 1 - len(stay)

    def _go_back(self, kept: Sequence[bool]) -> None:
        """Undo every change that is not durable, newest first, and do again those that are kept."""
        for change in reversed(self._pending):
            for edit in reversed(change.edits):
                self._set(edit.folder, edit.name, edit.before)
        for change, stays in zip(self._pending, kept, strict=True):
            if stays:
                self._apply(change)


def _with_grounds(changes: Sequence[NameChange], wanted: Sequence[bool]) -> list[bool]:
    """Return ``wanted`` with everything that it rests on."""
    marks = list(wanted)
    needed: set[Place | int] = set()
    for place in range(len(changes) - 1, -1, -1):
        if marks[place] or not needed.isdisjoint(changes[place].gives()):
            marks[place] = True
            needed |= changes[place].takes()
    return marks


def _without_lost_grounds(changes: Sequence[NameChange], wanted: Sequence[bool]) -> list[bool]:
    """Return ``wanted`` without everything that rests on what is lost."""
    marks = list(wanted)
    lost: set[Place | int] = set()
    for place, change in enumerate(changes):
        if not marks[place] or not lost.isdisjoint(change.takes()):
            marks[place] = False
            lost |= change.gives()
    return marks
