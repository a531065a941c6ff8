"""Catalogues of messages: from a reason's code and parameters to text in a reader's language.

Parameters stand in braces (``{read}``). Rendering never fails: a code that a catalogue lacks is shown as it is, a
parameter that a reason lacks as a dash, because reasons also come from agencies.
"""

import re
import tomllib
from collections.abc import Mapping

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Reason

LANGUAGES = ("zh", "en")
"""The languages whose catalogues come with kouan, as ``messages/<language>.toml``."""

Catalogue = Mapping[str, str]
"""Templates by message id."""

_PARAMETER = re.compile(r"\{([a-z_]+)\}")


def parse_catalogue(text: str) -> dict[str, str]:
    """Return the templates in a TOML text; raise InvalidValue for anything but texts under ids."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue("", "catalogue.toml", f"is not TOML: {error}") from error
    for code, template in document.items():
        if not isinstance(template, str):
            raise InvalidValue(code, "catalogue.text", "must be a text")
    return document


def parameters_of(template: str) -> frozenset[str]:
    """Return the names of the parameters that a template shows."""
    return frozenset(_PARAMETER.findall(template))


def render(catalogue: Catalogue, reason: Reason) -> str:
    """Return a reason as text."""
    template = catalogue.get(reason.code)
    if template is None:
        return reason.code
    return _PARAMETER.sub(lambda found: str(reason.params.get(found[1], "–")), template)
