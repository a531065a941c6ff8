"""Planting a bug in running code: a function's source with some text replaced, or a constant with another value.

The function keeps its identity; only its code is swapped, so that whoever holds it runs the bug. Planting fails loudly
where the text is not there exactly once: a bug that no longer fits the code is no bug.
"""

import ast
import contextlib
import functools
import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator, MutableMapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

import msgspec

from kouan.vocabulary.errors import KouanError


class NotPlanted(KouanError):
    """A bug does not fit the code in which it is to be planted."""


class Planted(msgspec.Struct, frozen=True):
    """One bug: which invariant it breaks, where it is planted, and what is replaced by what.

    ``target`` is ``module:function``, ``module:Class.method`` or ``module:CONSTANT``; ``old`` stands once in its
    source. ``story`` says how somebody might have come to write it.
    """

    name: str
    invariant: str
    target: str
    old: str
    new: str
    story: str


@contextlib.contextmanager
def planted(bug: Planted) -> Iterator[None]:
    """Let a bug be there, and be gone afterwards; raise NotPlanted where it does not fit."""
    module, holder, name = _find(bug)
    found = inspect.getattr_static(holder, name)
    function = _function(found)
    if function is not None:
        before = function.__code__
        function.__code__ = _recompiled(bug, module, function)
        try:
            yield
        finally:
            function.__code__ = before
        return
    places = _places(name, found)
    value = _reckoned(bug, module, name)
    for place in places:
        place[name] = value
    try:
        yield
    finally:
        for place in places:
            place[name] = found


def _find(bug: Planted) -> tuple[ModuleType, Any, str]:
    where, _, path = bug.target.partition(":")
    module = importlib.import_module(where)
    *holders, name = path.split(".")
    holder: Any = module
    for each in holders:
        holder = getattr(holder, each)
    if not hasattr(holder, name):
        raise NotPlanted(f"{bug.name}: there is no {bug.target}")
    return module, holder, name


def _function(found: Any) -> FunctionType | None:
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    elif isinstance(found, property):
        found = found.fget
    elif isinstance(found, functools.cached_property):
        found = found.func
    found = inspect.unwrap(found) if callable(found) else found
    return found if isinstance(found, FunctionType) else None


def _recompiled(bug: Planted, module: ModuleType, function: FunctionType) -> CodeType:
    """Return the code of the function as it is with the bug in it."""
    tree = ast.parse(textwrap.dedent(_replaced(bug, inspect.getsource(function))))
    node = tree.body[0]
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        raise NotPlanted(f"{bug.name}: {bug.target} is no function")
    node.decorator_list = []
    if function.__code__.co_freevars:
        raise NotPlanted(f"{bug.name}: {bug.target} closes over {', '.join(function.__code__.co_freevars)}")
    made: dict[str, Any] = {}
    exec(compile(tree, module.__file__ or bug.target, "exec"), dict(vars(module)), made)  # noqa: S102 - our own source
    code: CodeType = made[node.name].__code__
    return code


def _reckoned(bug: Planted, module: ModuleType, name: str) -> Any:
    """Return the constant's value with the bug in it."""
    source = inspect.getsource(module)
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
        value = getattr(node, "value", None)
        if named and value is not None:
            text = _replaced(bug, ast.get_source_segment(source, value) or "")
            return eval(f"({text})", dict(vars(module)))  # noqa: S307 - our own source
    raise NotPlanted(f"{bug.name}: {bug.target} is no constant")


def _replaced(bug: Planted, source: str) -> str:
    if source.count(bug.old) != 1:
        raise NotPlanted(f"{bug.name}: {bug.old!r} stands {source.count(bug.old)} times in {bug.target}")
    return source.replace(bug.old, bug.new)


def _places(name: str, value: Any) -> list[MutableMapping[str, Any]]:
    """Return the namespaces of all our modules that hold this constant under its name."""
    ours = [module for path, module in sys.modules.items() if path.partition(".")[0] == "kouan"]
    return [vars(module) for module in ours if name in vars(module) and vars(module)[name] is value]
