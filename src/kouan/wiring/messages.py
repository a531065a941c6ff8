"""The catalogues of messages that people read, loaded once."""

import functools
from collections.abc import Callable
from importlib import resources

from kouan.gate.catalogue import LANGUAGES, Catalogue, parse_catalogue, render
from kouan.vocabulary.verdict import Reason


@functools.cache
def catalogue(language: str) -> Catalogue:
    """Return the templates of a language by message id."""
    file = resources.files("kouan.gate") / "messages" / f"{language}.toml"
    return parse_catalogue(file.read_text(encoding="utf-8"))


def catalogues() -> dict[str, Catalogue]:
    """Return the templates of all languages."""
    return {language: catalogue(language) for language in LANGUAGES}


def renderer() -> Callable[[str, Reason], str]:
    """Return what renders a reason in a language."""
    found = catalogues()
    return lambda language, reason: render(found[language], reason)
