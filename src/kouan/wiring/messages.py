"""The catalogues of messages that people read, loaded once."""

import functools
from collections.abc import Callable
from importlib import resources

from kouan.gate.catalogue import LANGUAGES, Catalogue, parse_catalogue, render
from kouan.vocabulary.verdict import Reason

CONTEXTS = ("kouan.gate", "kouan.access", "kouan.yard", "kouan.inspection.examination", "kouan.planning.study")
"""Contexts that have messages of their own, as ``messages/<language>.toml``."""


@functools.cache
def catalogue(language: str) -> Catalogue:
    """Return the templates of a language by message id, of all contexts together."""
    found: Catalogue = {}
    for context in CONTEXTS:
        file = resources.files(context) / "messages" / f"{language}.toml"
        found = {**found, **parse_catalogue(file.read_text(encoding="utf-8"))}
    return found


def catalogues() -> dict[str, Catalogue]:
    """Return the templates of all languages."""
    return {language: catalogue(language) for language in LANGUAGES}


def renderer() -> Callable[[str, Reason], str]:
    """Return what renders a reason in a language."""
    found = catalogues()
    return lambda language, reason: render(found[language], reason)
