"""Accounts, sessions and tokens; each test runs on PostgreSQL and in memory."""

import msgspec
import pytest
from tests.integration.storage.players import Player

from kouan.access.people import Account, Agency, Role, Token
from kouan.access.roles import Answer, record_params
from kouan.access.use_cases import close_session, issue_token, open_session, save_account, step_up
from kouan.ledger.roles import Appended, Statement, Unit, UnitRefused
from kouan.vocabulary.errors import Conflict

WANG = Account("wang", "王", Agency.CUSTOMS, (Role.INSPECTOR, Role.DUTY_OFFICER), password_hash="$argon2id$x")
BOX = Account("box", "Camera box", Agency.SITE, (Role.CAMERA,), subject="sub-1", demo=True)
TRADER = Account("trader", "商", Agency.TRADE, (Role.CARRIER,), firms=("CARRIER-01", "91150000MA0XXXXX0X"))


async def test_an_account_is_saved_and_replaced(player: Player) -> None:
    ledger = await player.open_writer()
    for account in (WANG, BOX, TRADER, msgspec.structs.replace(WANG, disabled=True)):
        await ledger.append(save_account(account, "admin", 10 + account.disabled))
    assert await player.accounts.find_account("wang") == msgspec.structs.replace(WANG, disabled=True)
    assert await player.accounts.find_subject("sub-1") == BOX
    assert await player.accounts.find_account("trader") == TRADER
    await ledger.append(save_account(msgspec.structs.replace(TRADER, firms=()), "admin", 20))
    assert await player.accounts.find_account("trader") == msgspec.structs.replace(TRADER, firms=())
    assert await player.accounts.find_subject("sub-2") is None
    assert [account.username for account in await player.accounts.list_accounts()] == ["box", "trader", "wang"]
    assert await player.accounts.find_account("li") is None


async def test_one_identity_has_one_account(player: Player) -> None:
    ledger = await player.open_writer()
    await ledger.append(save_account(BOX, "admin", 1))
    with pytest.raises(Conflict):
        await ledger.append(save_account(msgspec.structs.replace(BOX, username="other"), "admin", 2))
    assert await player.accounts.find_account("other") is None


async def test_a_session_opens_steps_up_and_closes(player: Player) -> None:
    ledger = await player.open_writer()
    session, unit = open_session(WANG, "secret", 100)
    await ledger.append(unit)
    assert await player.accounts.find_session(session.secret_sha256) == session
    renewed, unit = step_up(session, 200)
    await ledger.append(unit)
    assert await player.accounts.find_session(session.secret_sha256) == renewed
    assert isinstance(await ledger.append(close_session(session, 300)), Appended)
    assert await player.accounts.find_session(session.secret_sha256) is None
    assert isinstance(await ledger.append(step_up(session, 400)[1]), UnitRefused)


async def test_a_token_is_issued_and_revoked(player: Player) -> None:
    ledger = await player.open_writer()
    token, unit = issue_token(BOX, "lane I1", "secret", 100, None)
    await ledger.append(unit)
    assert await player.accounts.find_token(token.secret_sha256) == token
    revoked: Token = msgspec.structs.replace(token, revoked_at=200)
    await ledger.append(Unit((), (), (Statement("access.save_token", record_params(revoked)),)))
    assert await player.accounts.find_token(token.secret_sha256) == revoked


async def test_an_idempotency_key_keeps_its_first_answer(player: Player) -> None:
    ledger = await player.open_writer()
    answer = Answer("box", "key-1", "0" * 64, 201, b'{"ok":true}', 100)
    unit = Unit((), (Statement("access.keep_answer", record_params(answer)),))
    assert isinstance(await ledger.append(unit), Appended)
    assert isinstance(await ledger.append(unit), UnitRefused)
    assert await player.accounts.find_answer("box", "key-1") == answer
    assert await player.accounts.find_answer("box", "key-2") is None
