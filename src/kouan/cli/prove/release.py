"""``kouan prove release``: every state of every release rule, and planted wrong rules and machines."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from kouan.cli import options
from kouan.cli.output import err, show


def release(
    rules: Annotated[Path | None, typer.Option("--rules", help="Folder of the rules; kouan's own if none.")] = None,
    port: Annotated[str, typer.Option("--port", help="The port whose own rules are added.")] = "ganqimaodu",
    planted: Annotated[bool, typer.Option(help="Plant wrong rules and machines as well.")] = True,
    json: options.Json = False,
) -> None:
    """Prove that no goods are sold before their certificate; exit 1 at a violation or a planted fault that was missed.

    Every rule version is held against the announcements at every date that matters, and every state that a lot can
    reach under it is visited: none sells or lets out goods too early (I22), none has no way on or no deadline.
    """
    from kouan.adapters.release_rules import texts_in
    from kouan.inspection.release.rulebook import parse_book
    from kouan.proving.release.proof import prove
    from kouan.wiring.port_file import folder

    texts = texts_in(rules or folder() / "rules", port)
    book = parse_book(list(texts.values()))
    with Progress(console=err, disable=json, transient=True) as bar:
        task = bar.add_task("states under every rule")
        proof = prove(book, lambda done, of: bar.update(task, completed=done, total=of))
    told: dict[str, Any] = {
        "choices": proof.choices,
        "rule_versions": len(proof.versions),
        "graphs": proof.graphs,
        "states": proof.states,
        "transitions": proof.transitions,
        "violations": [
            {"rule": each.rule, "what": each.text, "path": list(each.path)} for each in proof.violations
        ],
    }  # fmt: skip
    told |= _planted(texts, quiet=json) if planted else {"planted": 0, "caught": 0, "missed": []}
    if json:
        show("", told, as_json=True)
    else:
        _print(told)
    raise typer.Exit(1 if told["violations"] or told["missed"] else 0)


def _planted(texts: Any, *, quiet: bool) -> dict[str, Any]:
    from kouan.proving.release.planted import hunt

    with Progress(console=err, disable=quiet, transient=True) as bar:
        task = bar.add_task("planted faults")
        found = hunt(texts, lambda done, of: bar.update(task, completed=done, total=of))
    return {
        "planted": len(found),
        "caught": sum(one.by is not None for one in found),
        "missed": [one.name for one in found if one.by is None],
        "caught_by": {one.name: one.by for one in found},
    }


def _print(told: dict[str, Any]) -> None:
    for violation in told["violations"]:
        typer.echo(f"VIOLATION under {violation['rule']}: {violation['what']}")
        for step in violation["path"]:
            typer.echo(f"  {step}")
    rows = {
        name.replace("_", " "): told[name] for name in ("choices", "rule_versions", "graphs", "states", "transitions")
    }
    rows["planted faults missed"] = ", ".join(told["missed"]) or None
    show("Release", rows, as_json=False)
    counts = f"STATES={told['states']} TRANSITIONS={told['transitions']} VIOLATIONS={len(told['violations'])}"
    typer.echo(f"{counts} PLANTED={told['planted']} CAUGHT={told['caught']}")
