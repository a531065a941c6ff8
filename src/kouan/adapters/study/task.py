"""What the process of a study is asked, and what it says: light enough for the port itself to import."""

import msgspec

from kouan.planning.study.kept import Problem, Progress, TableConfirmed


class Task(msgspec.Struct, frozen=True):
    """What is to be done: ``look``, ``study`` or ``what_if``, in a study's folder, by confirmed ``mappings``."""

    what: str
    folder: str
    mappings: str
    port: str
    timezone: str
    files: tuple[str, ...] = ()
    tables: tuple[TableConfirmed, ...] = ()
    changes: tuple[str, ...] = ()


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: how far it is, that it is done, or what is in its way."""

    progress: Progress | None = None
    done: bool = False
    problem: Problem | None = None
