"""The rule documents that hold until a port has approved its own, read from the folder of rules."""

import re
from collections.abc import Sequence
from pathlib import Path

from kouan.adapters.release_rules import texts_in
from kouan.inspection.rules.document import LISTS, SHIPPED, Kind, RuleDocument, digest_of
from kouan.vocabulary.errors import NotFound

_VERSION = re.compile(r"^version = (\d+)$", re.MULTILINE)


def shipped_documents(folder: Path, port: str, lists: Path | None = None) -> Sequence[RuleDocument]:
    """Return a folder's release rules, and its other documents or else those of ``lists``; raise NotFound."""
    found = [_document(Kind.RELEASE, name.removesuffix(".toml"), text) for name, text in texts_in(folder, port).items()]
    others = [(Kind.REFERENCE, name, f"reference-{name}.toml") for name in LISTS]
    others += [(kind, kind.value, f"{kind.value}.toml") for kind in (Kind.TARGETING, Kind.EXAMINATION)]
    for kind, name, file in others:
        path = folder / file
        if lists is not None and not path.is_file():
            path = lists / file
        if not path.is_file():
            raise NotFound(f"there is no document {path}")
        found.append(_document(kind, name, path.read_text(encoding="utf-8")))
    return found


def _document(kind: Kind, name: str, text: str) -> RuleDocument:
    content = text.encode("utf-8")
    version = _VERSION.search(text)
    return RuleDocument(
        kind=kind,
        name=name,
        version=int(version[1]) if version else 0,
        effective_from=0,  # each of their rules and items has dates of its own
        content=content,
        digest=digest_of(content),
        drafted_by=SHIPPED,
    )
