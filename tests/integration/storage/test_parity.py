"""The two players give the same answers, the same hashes and the same records to the same random traffic."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.storage.players import MemoryPlayer, Player, PostgresPlayer, draft, sighting

from kouan.gate.roles import PassageRecord, VisitRecord, record_params
from kouan.inspection.records import (
    BalanceRecord,
    ConfirmationRecord,
    ConsignmentRecord,
    ControlOrderRecord,
    ManifestRecord,
    WriteOffRecord,
    params_of,
)
from kouan.ledger.roles import Appended, Statement, Unit
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.places import Direction

IN = Direction.IN

LIFTED = {"authority": "customs", "lifted_by": "li", "lifted_at": 5, "lift_reason": "seen"}


class Traffic:
    """Units from few names, so that most collide with something."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._keys = 0

    def units(self) -> list[Unit]:
        return [self._unit() for _ in range(self._chance.randrange(1, 12))]

    def _unit(self) -> Unit:
        guards = tuple(self._guard() for _ in range(self._chance.choice((0, 0, 1, 1, 2))))
        effects = tuple(self._effect() for _ in range(self._chance.choice((0, 0, 1, 2))))
        return Unit(tuple(self._draft() for _ in range(self._chance.choice((0, 1, 1, 2)))), guards, effects)

    def _draft(self) -> Any:
        self._keys += 1
        repeats = self._chance.random() < 0.1
        key = f"k{self._chance.randrange(self._keys)}" if repeats else f"k{self._keys}"
        return draft(key, stream=self._passage(), number=self._keys)

    def _passage(self) -> str:
        return f"p{self._chance.randrange(6)}"

    def _number(self) -> int:
        return self._chance.randrange(1, 5)

    def _guard(self) -> Statement:
        guards: list[Callable[[], Statement]] = [
            lambda: Statement("gate.open_passage", self._record(1)),
            lambda: Statement("gate.update_passage", self._record(self._number())),
            lambda: Statement("gate.close_passage", self._record(9, closed=self._number())),
            lambda: Statement("gate.raise_epoch", {"lane": "I1", "epoch": self._number()}),
            lambda: Statement("papers.place_order", params_of(self._order())),
            lambda: Statement("papers.lift_order", {"number": f"h{self._number()}", **LIFTED}),
            lambda: Statement("gate.open_visit", record_params(VisitRecord(f"v{self._number()}", "A", "p1", 1))),
            lambda: Statement("gate.close_visit", {"visit": f"v{self._number()}", "closed_at": 9, "out_passage": None}),
            lambda: Statement("papers.insert_confirmation", params_of(self._confirmation(1))),
            lambda: Statement("papers.amend_confirmation", params_of(self._confirmation(2))),
            lambda: Statement("papers.use_confirmation", {"number": f"C{self._number()}", "passage": "p1", "at": 7}),
            lambda: Statement("papers.insert_manifest", params_of(self._manifest())),
            lambda: Statement("papers.insert_consignment", params_of(self._consignment())),
            lambda: Statement("papers.drop_consignments", {"manifest": f"M{self._number()}", "direction": "in"}),
            lambda: Statement("papers.write_off", {"number": "W1", "direction": "in", "mass_kg": self._number()}),
            lambda: Statement("papers.delete_batch", {"batch": f"B{self._number()}", "at": 8}),
            lambda: Statement("papers.grant_balance", params_of(self._balance())),
            lambda: Statement("papers.keep_balances", {**self._paper(), "items": [f"W{self._number()}"]}),
            lambda: Statement("papers.close_balances", self._paper()),
            lambda: Statement("papers.take_balance", self._taking()),
            lambda: Statement("papers.give_back", {**self._item(), "mass_kg": self._number()}),
            lambda: Statement("papers.keep_write_off", params_of(self._write_off())),
            lambda: Statement("papers.void_write_offs", {"ticket": f"T{self._number()}", "at": 9}),
        ]
        return self._chance.choice(guards)()

    def _effect(self) -> Statement:
        effects: list[Callable[[], Statement]] = [
            lambda: sighting(f"plate-{self._number()}", self._number()),
            lambda: Statement("gate.add_entries", {"passage": self._passage()}),
            lambda: Statement("papers.note_arrival", {"number": f"C{self._number()}", "at": self._number()}),
            lambda: Statement("gate.unknown", {}),
        ]
        return self._chance.choices(effects, (5, 5, 5, 1))[0]()

    def _record(self, version: int, closed: int | None = None) -> Any:
        record = PassageRecord(
            self._passage(), version, "I1", "in", self._number(), self._chance.choice(("collecting", "in_review")),
            b"{}", None, None, None, None, None, None, None, self._number(), 5, closed, None,
        )  # fmt: skip
        return record_params(record)

    def _order(self) -> ControlOrderRecord:
        number, at = f"h{self._number()}", self._number()
        return ControlOrderRecord(number, "customs", "detain", "A", None, None, None, "reason", "wang", at, at, None)

    def _confirmation(self, version: int) -> ConfirmationRecord:
        number, batch = f"C{self._number()}", f"B{self._number()}"
        return ConfirmationRecord(
            number, version, batch, "in", "A", None, "X Y", "d", b"{}", "active", version, version
        )

    def _manifest(self) -> ManifestRecord:
        return ManifestRecord(f"M{self._number()}", 1, f"B{self._number()}", "in", "d", b"{}", "active", 1, 1)

    def _paper(self) -> dict[str, Any]:
        return {"kind": "manifest", "number": f"M{self._number()}"}

    def _item(self) -> dict[str, Any]:
        return {**self._paper(), "item": f"W{self._chance.randrange(1, 3)}"}

    def _balance(self) -> BalanceRecord:
        ends = self._chance.choice((None, 5, 9))
        return BalanceRecord(**self._item(), granted_kg=2 * self._number(), valid_from=None, valid_until=ends)

    def _taking(self) -> dict[str, Any]:
        overrun = self._chance.choice((0, 250, 500))
        return {**self._item(), "mass_kg": self._number(), "at": 5, "overrun_permille": overrun}

    def _write_off(self) -> WriteOffRecord:
        return WriteOffRecord(f"T{self._number()}", **self._item(), mass_kg=self._number(), at=7, by="yard")

    def _consignment(self) -> ConsignmentRecord:
        batch, kg = f"B{self._number()}", self._number()
        return ConsignmentRecord("W1", "in", f"M{self._number()}", batch, "2701", "煤", kg, None)


def told(answer: Any) -> Any:
    """Return an answer in a form that can be compared: errors by their kind."""
    if isinstance(answer, KouanError):
        return type(answer).__name__
    assert not isinstance(answer, BaseException), repr(answer)
    return [entry.hash for entry in answer.entries] if isinstance(answer, Appended) else answer


async def behaviour(player: Player, seed: int) -> list[Any]:
    ledger = await player.open_writer()
    traffic = Traffic(seed)
    seen: list[Any] = []
    for _ in range(40):
        answers = await asyncio.gather(*[ledger.append(unit) for unit in traffic.units()], return_exceptions=True)
        seen.append([told(answer) for answer in answers])
    gate, papers = player.gate, player.papers
    seen += [
        await gate.open_passages(),
        await gate.list_passages(),
        await gate.open_reviews(),
        await gate.lane_epochs(),
    ]
    seen += [await gate.entries_of(f"p{number}") for number in range(6)]
    seen += [await papers.orders_in_force(4), await papers.orders_naming(["A"], 9), await gate.find_open_visit("A")]
    seen += [await gate.find_sighting(f"plate-{number}") for number in range(1, 5)]
    seen += [await papers.find_confirmation(f"C{number}") for number in range(1, 5)]
    seen += [await papers.find_manifest(f"M{number}") for number in range(1, 5)]
    seen += [await papers.consignments(["W1"], IN), await papers.confirmations_of_container("Y", IN)]
    seen += [await papers.balances([f"M{number}" for number in range(1, 5)])]
    seen += [await papers.write_offs_of_ticket(f"T{number}") for number in range(1, 5)]
    return seen


@pytest.mark.parametrize("seed", range(4))
async def test_random_traffic_is_answered_alike(memory: MemoryPlayer, postgres: PostgresPlayer, seed: int) -> None:
    in_memory, in_postgres = await behaviour(memory, seed), await behaviour(postgres, seed)
    for place, (one, other) in enumerate(zip(in_memory, in_postgres, strict=True)):
        assert one == other, place
