"""Serves a Disk as a file system to real programs, by FUSE (mfusepy, libfuse 3)."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from typing import Any

import mfusepy

from kouan.proving.durability.disk import Disk, Node
from kouan.vocabulary.errors import Conflict, NotFound

BLOCK = 4096
CAPACITY_BLOCKS = 16 * 2**30 // BLOCK
"""What statfs(2) answers: 16 GiB, most of them free. Our choice: nats-server sizes its store by it."""

KNOWN_FOR_S = 3600.0
"""Seconds for which the kernel may keep names and attributes: nobody but the kernel changes this disk."""


HANDLES = 2
"""Kinds of handles that a file has: those whose writes wait for a sync, and those whose writes bring it."""

UTIME_NOW, UTIME_OMIT = (1 << 30) - 1, (1 << 30) - 2
"""Nanoseconds that mean "now" and "as it was": utimensat(2), <bits/stat.h>."""


class _Fuse(mfusepy.FUSE):  # type: ignore[misc] # untyped
    """The bridge to libfuse; open files are known by their number where mfusepy asks for a path that they lost."""

    def truncate_fuse_3(self, path: bytes | None, length: int, fip: Any) -> int:
        return int(self.operations.truncate(_text(path), length, fip.contents.fh if fip else None))

    def chmod_fuse_3(self, path: bytes | None, mode: int, fip: Any) -> int:
        return int(self.operations.chmod(_text(path), mode, fip.contents.fh if fip else None))

    def utimens_fuse_3(self, path: bytes | None, buf: Any, fip: Any) -> int:
        when = buf.contents.modtime if buf else None
        return int(self.operations.touch(_text(path), when, fip.contents.fh if fip else None))

    def rename_fuse_3(self, old: bytes, new: bytes, flags: int) -> int:
        return int(self.operations.rename(_text(old), _text(new), flags))


def _text(path: bytes | None) -> str:
    return "" if path is None else os.fsdecode(path)


class Operations(mfusepy.Operations):  # type: ignore[misc] # untyped
    """What the kernel may ask of a disk; handles are numbers of files. ``served`` is told once the mount stands."""

    use_ns = True

    def __init__(self, disk: Disk, served: Callable[[], None]) -> None:
        self._disk = disk
        self._served = served

    def init_with_config(self, conn_info: Any, config_3: Any) -> None:
        """Set libfuse up: no paths for open files, no hidden names for removed ones, caches that the kernel keeps."""
        config_3.use_ino = 1
        config_3.nullpath_ok = 1
        config_3.hard_remove = 1
        config_3.entry_timeout = config_3.attr_timeout = KNOWN_FOR_S
        config_3.negative_timeout = KNOWN_FOR_S
        self._served()

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Answer stat(2)."""
        node = self._node(path, fh)
        size = len(node.data) if node.data is not None else len(node.target)
        return {
            "st_ino": node.number,
            "st_mode": node.mode,
            "st_nlink": 2 if stat.S_ISDIR(node.mode) else node.links,
            "st_uid": node.uid,
            "st_gid": node.gid,
            "st_size": size,
            "st_blocks": -(-size // 512),
            "st_blksize": BLOCK,
            "st_mtime": node.mtime_ns,
            "st_ctime": node.mtime_ns,
            "st_atime": node.mtime_ns,
        }

    def readlink(self, path: str) -> str:
        """Answer readlink(2)."""
        return self._node(path).target

    def readdir(self, path: str, fh: int) -> Iterator[tuple[str, dict[str, int], int]]:
        """Answer readdir(3); a name without a number would be taken for a removed one."""
        named = {".": fh, "..": fh, **self._disk.names.folders[fh]}
        for name, number in named.items():
            yield name, {"st_ino": number, "st_mode": self._disk.node(number).mode}, 0

    def opendir(self, path: str) -> int:
        """Answer opendir(3); a folder's handle is its number."""
        return self._node(path).number

    def mkdir(self, path: str, mode: int) -> int:
        """Answer mkdir(2)."""
        self._make(path, stat.S_IFDIR | mode)
        return 0

    def create(self, path: str, mode: int, flags: int) -> int:
        """Answer open(2) with O_CREAT."""
        return _opened(self._make(path, stat.S_IFREG | stat.S_IMODE(mode)), flags)

    def open(self, path: str, flags: int) -> int:
        """Answer open(2)."""
        node = self._node(path)
        if node.data is None:
            raise OSError(errno.EISDIR, path)
        if flags & os.O_TRUNC:
            self._disk.truncate(node.number, 0)
        return _opened(node, flags)

    def release(self, path: str, fh: int) -> int:
        """Answer close(2), the last of a file description."""
        self._disk.let_go(fh // HANDLES)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Answer pread(2)."""
        return self._disk.data(fh // HANDLES).read(offset, size)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Answer pwrite(2), and do the sync that comes with it where the file was opened with O_SYNC or O_DSYNC."""
        self._disk.write(fh // HANDLES, offset, data)
        if fh % HANDLES:
            self._disk.sync(fh // HANDLES)
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """Answer truncate(2)."""
        self._disk.truncate(self._node(path, fh).number, length)
        return 0

    def fallocate(self, path: str, mode: int, offset: int, size: int, fh: int) -> int:
        """Answer posix_fallocate(3); holes are not offered."""
        if mode != 0:
            raise OSError(errno.EOPNOTSUPP, path)
        if len(self._disk.data(fh // HANDLES)) < offset + size:
            self._disk.truncate(fh // HANDLES, offset + size)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        """Answer fsync(2) and fdatasync(2)."""
        self._disk.sync(fh // HANDLES)
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        """Answer fsync(2) of a folder."""
        self._disk.sync(fh)
        return 0

    def unlink(self, path: str) -> int:
        """Answer unlink(2)."""
        self._disk.remove(*self._place(path))
        return 0

    def rmdir(self, path: str) -> int:
        """Answer rmdir(2)."""
        try:
            self._disk.remove(*self._place(path))
        except Conflict as error:
            raise OSError(errno.ENOTEMPTY, path) from error
        return 0

    def rename(self, old: str, new: str, flags: int = 0) -> int:
        """Answer rename(2), and renameat2(2) where it must replace nothing."""
        (folder, name), (to_folder, to_name) = self._place(old), self._place(new)
        if flags & 1 and self._disk.names.find(to_folder, to_name) is not None:  # RENAME_NOREPLACE
            raise OSError(errno.EEXIST, new)
        if flags & ~1:
            raise OSError(errno.EINVAL, new)
        try:
            self._disk.rename(folder, name, to_folder, to_name)
        except Conflict as error:
            raise OSError(errno.ENOTEMPTY, new) from error
        return 0

    def link(self, target: str, source: str) -> int:
        """Answer link(2); ``target`` is the new name, as mfusepy has it."""
        self._disk.link(self._node(source).number, *self._place(target))
        return 0

    def symlink(self, target: str, source: str) -> int:
        """Answer symlink(2); ``target`` is the new name, as mfusepy has it."""
        self._make(target, stat.S_IFLNK | 0o777, source)
        return 0

    def chmod(self, path: str, mode: int, fh: int | None = None) -> int:
        """Answer chmod(2)."""
        node = self._node(path, fh)
        node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        """Answer chown(2)."""
        node = self._node(path)
        node.uid, node.gid = (
            (node.uid if uid in (-1, 2**32 - 1) else uid),
            (node.gid if gid in (-1, 2**32 - 1) else gid),
        )
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        """Answer utimensat(2), which libfuse must know to be there; it comes to ``touch``."""
        return self.touch(path, None, None)

    def touch(self, path: str, when: Any, fh: int | None) -> int:
        """Answer utimensat(2): ``when`` is the time of modification (timespec), None for now."""
        node = self._node(path, fh)
        if when is None or when.tv_nsec == UTIME_NOW:
            self._disk.touch(node.number)
        elif when.tv_nsec != UTIME_OMIT:
            node.mtime_ns = int(when.tv_sec) * 10**9 + int(when.tv_nsec)
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        """Answer statfs(2)."""
        return {
            "f_bsize": BLOCK,
            "f_frsize": BLOCK,
            "f_blocks": CAPACITY_BLOCKS,
            "f_bfree": CAPACITY_BLOCKS // 2,
            "f_bavail": CAPACITY_BLOCKS // 2,
            "f_files": 10**6,
            "f_ffree": 10**6 // 2,
            "f_namemax": 255,
        }

    def _node(self, path: str, fh: int | None = None) -> Node:
        try:
            return self._disk.at(path) if fh is None else self._disk.node(fh // HANDLES)
        except NotFound as error:
            raise OSError(errno.ENOENT, path) from error

    def _place(self, path: str) -> tuple[int, str]:
        folder, _, name = path.rpartition("/")
        return self._node(folder).number, name

    def _make(self, path: str, mode: int, target: str = "") -> Node:
        uid, gid, _ = mfusepy.fuse_get_context()
        try:
            return self._disk.make(*self._place(path), mode, uid, gid, target)
        except Conflict as error:
            raise OSError(errno.EEXIST, path) from error


def _opened(node: Node, flags: int) -> int:
    """Return the handle of a file that was opened: its number, and whether every write is synced."""
    node.opened += 1
    return node.number * HANDLES + bool(flags & os.O_DSYNC)  # O_SYNC holds O_DSYNC's bit


def serve(disk: Disk, place: str, served: Callable[[], None]) -> None:
    """Serve a disk at a folder until it is unmounted; ``served`` is told once it stands. Raises RuntimeError."""
    _Fuse(
        Operations(disk, served),
        place,
        foreground=True,
        nothreads=True,
        default_permissions=True,
        fsname="kouan-disk",
        subtype="kouan",
    )
