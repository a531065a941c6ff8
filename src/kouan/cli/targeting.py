"""``kouan targeting``: learning a score from what was examined."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.learning.artefacts import FileArtefacts
from kouan.adapters.learning.boosting import Boosting
from kouan.cli import options
from kouan.cli.output import show
from kouan.inspection.targeting.candidate import DAY_US
from kouan.inspection.targeting.learning import Example
from kouan.inspection.targeting.looking import lessons
from kouan.inspection.targeting.model import Artefact, version_of
from kouan.inspection.targeting.training import train as learned
from kouan.wiring.offline import opened

app = typer.Typer(help="Learn what to examine from what was examined.", no_args_is_help=True)


@app.callback()
def targeting() -> None:
    """Learn what to examine from what was examined."""


@app.command()
def train(
    data: options.Data,
    port: options.Port = "ganqimaodu",
    months: Annotated[int, typer.Option(help="Months of examinations to learn from.", min=1, max=60)] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the learning: the same gives the same model.")] = 1,
    json: options.Json = False,
) -> None:
    """Learn a model and grade it; officers hand it in by its digest. Exit code 1 where its grade forbids its use."""
    examples, recent = asyncio.run(_read(data, port, months))
    artefact = learned(examples, recent, Boosting(), seed)
    digest = FileArtefacts(DataFolder(data).folder("models")).put(artefact.encode())
    show("Learned and graded", _told(artefact, digest), as_json=json)
    if artefact.grade.failed:
        raise typer.Exit(1)


async def _read(data: Path, port: str, months: int) -> tuple[tuple[Example, ...], Sequence[Mapping[str, int | None]]]:
    async with opened(data, port) as store:
        now = store.clock.now()
        return await lessons(store.targeting, now - months * 30 * DAY_US, now)


def _told(artefact: Artefact, digest: str) -> dict[str, Any]:
    grade = artefact.grade
    return {
        "version": version_of(artefact),
        "digest": digest,
        "graded_on": grade.examined,
        "offences": grade.found,
        "offence_rate": grade.base_ppm / 1_000_000,
        **{f"precision_at_{each.share_pm // 10}%": each.precision_ppm / 1_000_000 for each in grade.precision},
        **{f"lookup_at_{each.share_pm // 10}%": each.precision_ppm / 1_000_000 for each in grade.lookup},
        "expected_calibration_error": grade.expected_error_ppm / 1_000_000,
        "may_be_used": not grade.failed,
        "failed": ", ".join(f"{each.code} {dict(each.params)}" for each in grade.failed) or None,
    }
