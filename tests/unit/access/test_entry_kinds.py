"""Every kind of entry that the source writes has a line that says what its body speaks of, and is shown by it."""

import ast
import itertools
import pathlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from kouan.access.need import PROTECTED
from kouan.access.people import Agency, Principal, Role
from kouan.access.words import Field
from kouan.inspection.supporting import PaperKind
from kouan.ledger.entries import Entry, canonical
from kouan.web.entry_kinds import AUTHORITIES, ENTRY_KINDS, UNKNOWN, fields_in, kind_of
from kouan.web.matters import entry_matter
from kouan.web.need_to_know import reads_entry
from kouan.yard import events as yard_events

SOURCE = pathlib.Path(__file__).parents[3] / "src" / "kouan"
HELD = {"authority": "customs", "why": "a word", "number": "H-1", "type": "hold_placed"}

CHOSEN = {
    ("papers", "kind"): {"confirmation", "manifest", "declaration", *PaperKind},
    ("targeting", "what"): {"selected", "passed"},
    ("yard", "tag"): {
        "gate_out" if tag == "GATE_OUT" else str(tag)
        for tag in (each.__struct_config__.tag for each in yard_events.Event.__args__)
    },
}
"""What a name stands for where the source chooses the last word of a kind by it."""


class Words(ast.NodeVisitor):
    """Finds how kinds are made in a file: whole, or with their last word in a parameter of a function."""

    def __init__(self, path: pathlib.Path) -> None:
        self.module = ".".join(("kouan", *path.relative_to(SOURCE).with_suffix("").parts))
        self.whole: set[str] = set()
        self.made: list[tuple[str, str, str, int]] = []
        self.calls: list[tuple[str, list[ast.expr], list[tuple[str, list[str]]]]] = []
        self.names: dict[str, str] = {}
        self._functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []

    def visit(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._functions.append(node)
                self.generic_visit(node)
                self._functions.pop()
                return
            case ast.ImportFrom(module=str(module)):
                self.names |= {each.asname or each.name: f"{module}.{each.name}" for each in node.names}
            case ast.Constant(value=str(text)) if text.endswith("/1") and text.count(".") == 1:
                self.whole.add(text)
            case ast.JoinedStr(
                values=[ast.Constant(value=str(head)), ast.FormattedValue() as word, ast.Constant(value="/1")]
            ):
                if head.endswith(".") and self._functions:
                    self._made(head[:-1], word)
            case ast.Call():
                self._called(node)
        self.generic_visit(node)

    def _made(self, context: str, word: ast.FormattedValue) -> None:
        function = self._functions[-1]
        names = [each.arg for each in function.args.args if each.arg != "self"]
        used = next(each.id for each in ast.walk(word) if isinstance(each, ast.Name))
        self.made.append((context, f"{self.module}.{function.name}", used, names.index(used) if used in names else -1))

    def _called(self, node: ast.Call) -> None:
        """Note a call under the full name of what is called, and where it stands."""
        match node.func:
            case ast.Name(id=name):
                full = self.names.get(name, f"{self.module}.{name}")
            case ast.Attribute(value=ast.Name(id=base), attr=name):
                full = f"{self.module}.{name}" if base == "self" else f"{self.names.get(base, base)}.{name}"
            case _:
                return
        around = [(f"{self.module}.{one.name}", [each.arg for each in one.args.args]) for one in self._functions]
        self.calls.append((full, node.args, [(name, [one for one in args if one != "self"]) for name, args in around]))


def kinds_written() -> Iterator[str]:
    """Yield every kind that the source writes, following its last word to whoever says it."""
    files = []
    for path in sorted(SOURCE.rglob("*.py")):
        files.append(Words(path))
        files[-1].visit(ast.parse(path.read_text(encoding="utf-8")))
    for words in files:
        yield from words.whole
        for context, function, used, place in words.made:
            yield from (f"{context}.{word}/1" for word in CHOSEN.get((context, used), ()))
            if place >= 0:
                yield from (f"{context}.{word}/1" for word in said_to(files, context, function, place))


def said_to(files: list[Words], context: str, function: str, place: int) -> Iterator[str]:
    """Yield the words that callers of a function give at a place, in the source or through a function of their own."""
    for words in files:
        for called, args, around in words.calls:
            if called != function or len(args) <= place:
                continue
            match args[place]:
                case ast.Constant(value=str(word)):
                    yield word
                case ast.Name(id=name):
                    own = next(((outer, names.index(name)) for outer, names in around if name in names), None)
                    if own is not None:
                        yield from said_to(files, context, *own)
                    else:
                        yield from CHOSEN[context, name]


WRITTEN = frozenset(kinds_written())


def test_every_kind_that_is_written_has_a_line_and_every_line_a_kind_that_is_written() -> None:
    assert sorted(WRITTEN - ENTRY_KINDS.keys()) == []
    assert sorted(ENTRY_KINDS.keys() - WRITTEN) == []


def entry(kind: str, body: Any = None, stream: str = "P1") -> Entry:
    said = msgspec.Raw(canonical(body or {}))
    return Entry(at=1, body=said, epoch=1, key="k", kind=kind, port="ganqimaodu", prev="0" * 64, seq=1, stream=stream)


def test_a_kind_without_a_line_is_read_by_nobody_but_an_auditor() -> None:
    found = entry("gate.tomorrow/1")
    assert (kind_of(found), fields_in(found)) == (UNKNOWN, PROTECTED)
    for role, agency in itertools.product(Role, Agency):
        who = Principal("somebody", "Somebody", agency, (role,))
        assert not reads_entry(fields_in(found), who, frozenset())
        assert reads_entry(fields_in(found), who, PROTECTED)


@pytest.mark.parametrize(
    ("kind", "body", "spoken"),
    [
        ("gate.passage_opened/1", {"fact": {"holds": []}}, {"vehicle"}),
        ("gate.passage_opened/1", {"fact": {"holds": [HELD]}}, {"vehicle", "customs"}),
        ("gate.hold_seen/1", {"fact": HELD}, {"vehicle", "customs"}),
        ("gate.hold_seen/1", {"fact": {"number": "H-1", "epoch": 7}}, {"vehicle"}),
        ("gate.hold_seen/1", {"fact": {"authority": "somebody"}}, {"vehicle", "border_inspection", "customs", "site"}),
        ("gate.review_decided/1", {"fact": {"authority": "site"}}, {"site"}),
        (
            "gate.review_decided/1",
            {"fact": {"authority": "border_inspection", "rule": "health.symptoms", "corrections": {"occupants": "2"}}},
            {"border_inspection", "health", "driver"},
        ),
        ("gate.review_confirmed/1", {"fact": {"authority": "customs"}}, {"customs"}),
        ("gate.exception/1", {"authority": "customs", "rule": "papers.present"}, {"customs", "papers"}),
        ("gate.exception/1", {"authority": "site", "rule": "weight.over"}, {"site"}),
        ("gate.verdict/1", {"fact": {"verdict": {"authority": "customs"}}}, {"customs"}),
        ("gate.evidence/1", {"fact": {"evidence": {"type": "driver"}}}, {"driver"}),
        ("gate.evidence/1", {"fact": {"evidence": {"type": "failed", "procedure": "health"}}}, {"health"}),
        ("gate.decision/1", {"decision": {"findings": [{"rule": "verdict.customs"}]}}, {"decision", "customs"}),
        ("papers.order_placed/1", {"authority": "border_inspection"}, {"border_inspection"}),
        ("papers.order_lifted/1", {}, {"border_inspection", "customs", "site"}),
        ("examination.again/1", {"agency": "customs"}, {"customs"}),
        ("examination.answered/1", {"answer": {"agency": "border_inspection"}}, {"border_inspection"}),
        ("network.bulletin/1", {"kind": "rulebook"}, {"vehicle"}),
        ("network.bulletin/1", {"kind": "holds"}, {"vehicle", "border_inspection", "customs", "site"}),
        (
            "network.bulletin/1", {"kind": "watch_list"},
            {"vehicle", "border_inspection", "customs", "site", "watch_list"},
        ),
    ],
)  # fmt: skip
def test_an_entry_speaks_of_whose_word_it_is(kind: str, body: Any, spoken: set[str]) -> None:
    found = fields_in(entry(kind, body))
    assert {field.value for field in found} == spoken
    line = ENTRY_KINDS[kind]
    assert found <= line.fields | line.others


def test_reasons_are_read_in_the_ledger_by_whom_the_page_says() -> None:
    """Whoever may read an authority's reasons nowhere else does not read them here."""
    for kind in ("gate.review_decided/1", "gate.exception/1", "gate.hold_seen/1"):
        body = {"authority": "customs", "fact": HELD}
        for role, agency in itertools.product(Role, Agency):
            who = Principal("somebody", "Somebody", agency, (role,))
            assert not reads_entry(fields_in(entry(kind, body)), who, frozenset()), (kind, role, agency)
            if role in (Role.AUDITOR, Role.DUTY_OFFICER) and agency is Agency.CUSTOMS:
                assert reads_entry(fields_in(entry(kind, body)), who, frozenset({Field.CUSTOMS}))


def test_what_is_protected_in_an_entry_belongs_to_a_matter() -> None:
    for kind, line in ENTRY_KINDS.items():
        if (line.fields | line.others) & PROTECTED:
            assert line.matter is not None, kind
    assert entry_matter(entry("papers.order_placed/1", HELD, "H-1"), AUTHORITIES).name == "hold:H-1"
    assert entry_matter(entry("access.read/1", {}, "wang"), frozenset({Field.READ})).name == "reads:wang"
