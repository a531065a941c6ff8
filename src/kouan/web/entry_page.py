"""The reference page of the ledger's entries: what each kind speaks of, and who reads what it speaks of."""

from collections.abc import Iterable, Iterator

from kouan.access.need import NEEDS, PROTECTED, Stage
from kouan.access.people import Agency, Role
from kouan.access.policy import fields_of
from kouan.access.words import Action, Field, State
from kouan.web.entry_kinds import ENTRY_KINDS, EntryKind

_HEAD = """# Entries of the ledger, and who reads them

Everybody who reads the ledger sees that an entry stands there, when, of which kind, in which stream, and its hash. What
it says is shown whole or not at all: only to who may read every field that it speaks of. This page is written from the
tables by `scripts/generate_reference.py`; a test compares them, and another finds every kind that the source writes.

## What each kind speaks of

A kind without a line here would speak of every protected field, so that nobody but an auditor reads it.

| kinds | always of | also of, where the body says so | matter |
|---|---|---|---|
"""

_WHO = """
## Who reads a field in the ledger

Protected fields are read for a purpose only, and each read is an entry itself ([need to know](need-to-know.md)).

| field | without a purpose | for a purpose |
|---|---|---|
"""


def text() -> str:
    """Return the page."""
    return f"{_HEAD}{''.join(_kinds())}{_WHO}{''.join(_readers())}"


def _kinds() -> Iterator[str]:
    grouped: dict[EntryKind, list[str]] = {}
    for kind, line in ENTRY_KINDS.items():
        grouped.setdefault(line, []).append(kind.removesuffix("/1"))
    for line, kinds in grouped.items():
        names = ", ".join(f"`{kind}`" for kind in kinds)
        yield f"| {names} | {_named(line.fields)} | {_named(line.others - line.fields)} | {line.matter or '–'} |\n"


def _readers() -> Iterator[str]:
    spoken = frozenset().union(*(line.fields | line.others for line in ENTRY_KINDS.values()))
    for field in (each for each in Field if each in spoken):
        mark = " (protected)" if field in PROTECTED else ""
        yield f"| `{field.value}`{mark} | {_open(field)} | {_for_purposes(field)} |\n"


def _open(field: Field) -> str:
    if field is Field.ENTRY:
        return "whoever reads the ledger"
    seen = {
        role: tuple(agency for agency in Agency if field in fields_of((role,), agency, Action.WATCH, State.RECORDED))
        for role in Role
    }
    return "; ".join(_people(role, agencies) for role, agencies in seen.items() if agencies) or "nobody"


def _for_purposes(field: Field) -> str:
    rules = [rule for rule in NEEDS if field in rule.fields and Stage.RECORDED in rule.stages]
    agencies = [[agency for agency in Agency if agency in rule.agencies] for rule in rules]
    found = [
        f"{_people(role, own)}: {' or '.join(sorted(rule.purposes))}"
        for rule, own in zip(rules, agencies, strict=True)
        for role in sorted(rule.roles)
    ]
    return "; ".join(found) or "–"


def _people(role: Role, agencies: Iterable[Agency]) -> str:
    of = tuple(agencies)
    return role.value if len(of) == len(Agency) else f"{role.value} of {', '.join(of)}"


def _named(fields: frozenset[Field]) -> str:
    return ", ".join(field.value for field in Field if field in fields) or "–"
