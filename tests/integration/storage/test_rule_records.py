"""Rule documents; each test runs on PostgreSQL and in memory."""

from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import Player

from kouan.inspection.records import params_of
from kouan.inspection.rules.records import RuleRecord
from kouan.ledger.roles import Statement, Unit, UnitRefused

DRAFT = RuleRecord("table", "customs-at-gate", 1, 100, None, b"{}", "ab", "li", 5, "needed")


class Rules:
    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    async def do(self, what: str, /, **params: Any) -> str | None:
        answer = await self._ledger.append(Unit((), (Statement(f"rules.{what}", params),)))
        return answer.guard if isinstance(answer, UnitRefused) else None

    async def draft(self, record: RuleRecord = DRAFT) -> str | None:
        return await self.do("draft", **params_of(record))

    async def approve(self, record: RuleRecord = DRAFT, by: str = "wu", **more: Any) -> str | None:
        named = ("kind", "name", "version", "digest", "effective_from", "effective_until")
        fields = {name: getattr(record, name) for name in named}
        said = {"approved_by": by, "approved_at": 9, "approval_reason": "seen", "signature": "s"}
        return await self.do("approve", **{**fields, **said, **more})

    async def withdraw(self, record: RuleRecord = DRAFT) -> str | None:
        key = {"kind": record.kind, "name": record.name, "version": record.version}
        return await self.do("withdraw", **key, withdrawn_by="wu", withdrawn_at=20, withdrawal_reason="wrong")


@pytest.fixture
async def rules(player: Player) -> Rules:
    return Rules(await player.open_writer())


def other(**changes: Any) -> RuleRecord:
    return msgspec.structs.replace(DRAFT, **changes)


async def test_a_draft_is_kept_once_and_found_by_its_version(player: Player, rules: Rules) -> None:
    assert await rules.draft() is None
    assert await rules.draft() == "rules.draft"
    assert await player.rules.find("table", "customs-at-gate", 1) == DRAFT
    assert await player.rules.find("table", "customs-at-gate", 2) is None


async def test_nobody_approves_their_own_draft_nor_another_content(player: Player, rules: Rules) -> None:
    await rules.draft()
    assert await rules.approve(by="li") == "rules.approve"
    assert await rules.approve(digest="cd") == "rules.approve"
    assert await rules.approve() is None
    assert await rules.approve() == "rules.approve"
    found = await player.rules.find("table", "customs-at-gate", 1)
    assert found == other(state="approved", approved_by="wu", approved_at=9, approval_reason="seen", signature="s")


async def test_no_document_begins_with_or_before_an_approved_one_that_it_runs_into(rules: Rules) -> None:
    await rules.draft()
    await rules.approve()
    same, before, apart, later = (
        other(version=2),
        other(version=3, effective_from=50),
        other(version=4, effective_from=50, effective_until=100),
        other(version=5, effective_from=101),
    )
    for record in (same, before, apart, later):
        await rules.draft(record)
    assert await rules.approve(same) == "rules.approve"
    assert await rules.approve(before) == "rules.approve"
    assert await rules.approve(apart) is None
    assert await rules.approve(later) is None


async def test_a_withdrawn_document_makes_room_and_is_withdrawn_once(player: Player, rules: Rules) -> None:
    await rules.draft()
    await rules.approve()
    assert await rules.withdraw() is None
    assert await rules.withdraw() == "rules.withdraw"
    await rules.draft(other(version=2))
    assert await rules.approve(other(version=2)) is None
    states = [(each.version, each.state) for each in await player.rules.versions("table", "customs-at-gate")]
    assert states == [(1, "withdrawn"), (2, "approved")]


async def test_everything_stands_by_kind_name_and_version(player: Player, rules: Rules) -> None:
    for record in (other(version=2), other(), other(kind="reference", name="minerals")):
        await rules.draft(record)
    found = [(each.kind, each.version) for each in await player.rules.everything()]
    assert found == [("reference", 1), ("table", 1), ("table", 2)]
