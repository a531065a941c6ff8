"""``kouan ledger``: verify, export and prove, and forget a person."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import track

from kouan.cli import options
from kouan.cli.output import err, show
from kouan.ledger.damage import Report
from kouan.ledger.export import export_ledger, load_public_key, public_key_pem, verify_export
from kouan.ledger.merkle import verify_inclusion
from kouan.ledger.tiles import prove_inclusion
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.wiring.keys import ledger_signer
from kouan.wiring.offline import Store, opened
from kouan.wiring.offline import verify as verify_store

app = typer.Typer(help="The ledger: every fact and decision, verifiable by anyone.", no_args_is_help=True)

Database = Annotated[str | None, typer.Option("--database", help="DSN of an outside PostgreSQL.")]


@app.command()
def verify(
    data: options.Data,
    port: options.Port = "ganqimaodu",
    database: Database = None,
    export: Annotated[Path | None, typer.Argument(help="Verify this export instead, offline.")] = None,
    key: Annotated[Path | None, typer.Option(help="Public key (PEM) to verify an export with.")] = None,
    json: options.Json = False,
) -> None:
    """Verify the chain, the tree and the signed heads; each damage is named with its position."""
    report = _verify_file(export, key) if export is not None else asyncio.run(_verify_store(data, port, database))
    for finding in report.findings:
        err.print(f"[red]{finding}[/red]")
    figures: dict[str, Any] = msgspec.to_builtins(report)
    figures["intact"] = report.intact
    figures["findings"] = [str(finding) for finding in report.findings]
    show("The ledger is intact" if report.intact else "The ledger is damaged", figures, as_json=json)
    if not report.intact:
        raise typer.Exit(1)


def _verify_file(export: Path, key: Path | None) -> Report:
    if key is None:
        raise InvalidValue("--key", "ledger.key", "must name the public key of the ledger's heads")
    with export.open("rb") as file:
        return verify_export(file, load_public_key(key.read_bytes()))


async def _verify_store(data: Path, port: str, database: str | None) -> Report:
    async with opened(data, port, database=database) as store:
        return await verify_store(store, data, lambda pages: track(pages, "verifying", console=err, transient=True))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write; the public key goes beside it (.pem).")],
    data: options.Data,
    port: options.Port = "ganqimaodu",
    database: Database = None,
    json: options.Json = False,
) -> None:
    """Write all entries and signed heads into one file that anyone can verify."""
    show("Exported", asyncio.run(_export(file, data, port, database)), as_json=json)


async def _export(file: Path, data: Path, port: str, database: str | None) -> dict[str, Any]:
    key = file.with_suffix(file.suffix + ".pem")
    async with opened(data, port, database=database) as store:
        size = await store.ledger.size()
        with file.open("wb") as sink:
            async for line in export_ledger(store.ledger, store.port):
                sink.write(line)
        key.write_bytes(public_key_pem(ledger_signer(data, store.port).public_key))
    return {"file": str(file), "key": str(key), "entries": size}


@app.command()
def prove(
    entry: Annotated[int, typer.Argument(help="The entry's sequence.", min=1)],
    data: options.Data,
    port: options.Port = "ganqimaodu",
    database: Database = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the proof here instead of printing it.")] = None,
) -> None:
    """Prove that an entry stands in the tree of the latest signed head; the proof is one JSON object."""
    proof = json.dumps(asyncio.run(_prove(entry, data, port, database)), ensure_ascii=False)
    if out is None:
        sys.stdout.write(proof + "\n")
    else:
        out.write_text(proof + "\n", encoding="utf-8")


async def _prove(sequence: int, data: Path, port: str, database: str | None) -> dict[str, Any]:
    async with opened(data, port, database=database) as store:
        entry = await store.ledger.get(sequence)
        head = await _head_over(store, sequence)
        path = await prove_inclusion(store.ledger, sequence - 1, head.size)
        verify_inclusion(bytes.fromhex(entry.hash), sequence - 1, head.size, path, bytes.fromhex(head.root))
        return {
            "entry": json.loads(entry.encode()),
            "leaf_hash": entry.hash,
            "path": [node.hex() for node in path],
            "head": msgspec.to_builtins(head),
        }


async def _head_over(store: Store, sequence: int) -> Any:
    for head in await store.ledger.heads(limit=1):
        if head.size >= sequence:
            return head
    raise NotFound(f"no signed head covers entry {sequence} yet: heads are signed every 20 s while the port runs")


@app.command()
def forget(
    subject: Annotated[str, typer.Argument(help="The person's subject id.")],
    data: options.Data,
    port: options.Port = "ganqimaodu",
    database: Database = None,
    json: options.Json = False,
) -> None:
    """Destroy a person's key: nothing sealed under it can be read again, and every hash still verifies."""

    async def main() -> bool:
        async with opened(data, port, database=database) as store:
            return await store.ledger.forget(subject)

    if not asyncio.run(main()):
        raise NotFound(f"no key of {subject}")
    show("Forgotten", {"subject": subject}, as_json=json)
