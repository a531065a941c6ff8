"""The reference page of the invariants: what is promised, by which checker, and which planted bugs prove it."""

from collections.abc import Iterator, Sequence

from kouan.proving.invariants import CHECKERS, NOT_YET
from kouan.proving.planted import PLANTED, Planted
from kouan.proving.planted.region import REGION

_HEAD = """# Invariants, their checkers, and the bugs that prove them

What must always hold runs as checkers over the deterministic simulation ([simulation.md](simulation.md)). A checker is
shown everything that happens, as it happens: an entry as it becomes durable and before anybody is answered, a command
as the broker takes it, an opening as the field records it by itself. It keeps what it must know and never looks back,
so that a check costs the same at the first vehicle and at the last. None asks the platform's own rules: a bug in a rule
must not hide itself.

A checker that never speaks proves nothing. So each invariant has bugs that somebody might have written, planted one at
a time as changes of the source: `kouan prove seeds --planted` hunts each over seeds 0 to 59, and fails where one is
missed. The violation that shows first may be of another invariant than the one that the bug is named for: an order
without its intent breaks I1 and I15 at once.

This page is written from the registries by `scripts/generate_reference.py`; a test compares them.

## What is promised

| invariant | checker | promise | planted bugs |
|---|---|---|---|
"""

_NOT_YET = """
## Not yet

| invariant | why |
|---|---|
"""

_BUGS = """
## The planted bugs

| bug | breaks | planted in | how somebody came to write it |
|---|---|---|---|
"""

_REGION = """
## Between the ports and their hub

Each is caught by a run of a simulated region: `kouan prove region --planted`
([edge and hub](../explanation/edge-and-hub.md)).
"once" stands for what the table above does not number: each entry is taken, and counted, once.

| bug | breaks | planted in | how somebody came to write it |
|---|---|---|---|
"""


def text() -> str:
    """Return the page."""
    checkers = [
        f"| {kind.invariant} | `{kind.__name__}` | {kind.promise} | {_bugs_of(kind.invariant)} |\n" for kind in CHECKERS
    ]
    missing = [f"| {invariant} | {why} |\n" for invariant, why in NOT_YET.items()]
    return "".join((_HEAD, *checkers, _NOT_YET, *missing, _BUGS, *_rows(PLANTED), _REGION, *_rows(REGION)))


def _rows(bugs: Sequence[Planted]) -> Iterator[str]:
    return (f"| `{bug.name}` | {bug.invariant} | `{bug.target}` | {bug.story} |\n" for bug in bugs)


def _bugs_of(invariant: str) -> str:
    return ", ".join(f"`{bug.name}`" for bug in PLANTED if bug.invariant == invariant)
