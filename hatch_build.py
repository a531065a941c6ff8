"""Builds the console into every wheel, with the script that the make target uses too (scripts/build_console.py)."""

import importlib.util
import os
import pathlib
import sys
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _script(root: pathlib.Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_console", root / "scripts" / "build_console.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("scripts/build_console.py cannot be read")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class ConsoleBuildHook(BuildHookInterface[Any]):
    """Builds the console before the wheel is put together, editable ones included.

    With KOUAN_NO_CONSOLE set it does nothing: the Makefile sets it, because its own target builds the console.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the console unless it was built from the same sources."""
        if not os.environ.get("KOUAN_NO_CONSOLE"):
            _script(pathlib.Path(self.root)).build()
