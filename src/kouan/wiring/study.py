"""Where a port keeps its studies, and what makes them."""

import contextlib

from kouan.adapters.study.shelf import studies_folder
from kouan.adapters.study.studies import FileStudies
from kouan.wiring import links
from kouan.wiring.platform import Platform


def studies_of(platform: Platform, stack: contextlib.AsyncExitStack) -> FileStudies:
    """Return a port's studies; what is being made ends with the stack."""
    folder, port = studies_folder(platform.folder.path), platform.port
    studies = FileStudies(folder, port.name, port.timezone, platform.clock, links.secret)
    stack.push_async_callback(studies.close)
    return studies
