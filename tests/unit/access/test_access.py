"""Who may do what, and what signing in, stepping up and tokens put into the ledger."""

import msgspec
import pytest

from kouan.access.people import Account, Agency, Principal, Role
from kouan.access.policy import actions_of, may
from kouan.access.roles import Answer
from kouan.access.use_cases import (
    SESSION_US,
    STEP_UP_US,
    admitted,
    check_password,
    close_session,
    issue_token,
    keep_answer_alone,
    open_session,
    principal_of,
    revoke_token,
    save_account,
    secret_hash,
    session_holds,
    step_up,
    stepped_up,
    token_holds,
)
from kouan.access.words import Action
from kouan.vocabulary.verdict import Granted, Refused

NOW = 1_760_068_800_000_000
WANG = Account("wang", "王芳", Agency.CUSTOMS, (Role.INSPECTOR,), password_hash="hash of open sesame")


class PlainHasher:
    """Hashes so that a test can read it."""

    def __init__(self) -> None:
        self.checked: list[str] = []

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, encoded: str, password: str) -> bool:
        self.checked.append(encoded)
        return encoded == f"hash of {password}"


def principal(*roles: Role, agency: Agency = Agency.SITE) -> Principal:
    return Principal("somebody", "Somebody", agency, roles)


MAY: dict[Role, set[str]] = {
    Role.LANE_OPERATOR: {
        "keep_shift",
        "watch",
        "review",
        "confirm",
        "correct",
        "steer_lane",
        "read_papers",
        "work_yard",
        "acknowledge",
    },
    Role.INSPECTOR: {"keep_shift", "watch", "review", "confirm", "correct", "place_hold", "read_papers", "read_ledger"}
    | {"examine", "upload_image", "inspect_lot", "write_rules", "work_yard", "acknowledge"},
    Role.DUTY_OFFICER: {
        "plan_duty",
        "keep_shift",
        "read_ledger",
        "place_hold",
        "steer_lane",
        "correct",
        "confirm",
        "review",
        "watch",
    }
    | {"examine", "upload_image", "read_papers", "inspect_lot", "write_rules"}
    | {"work_yard", "steer_yard", "order_pickup", "acknowledge"},
    Role.AUDITOR: {"watch", "read_ledger", "read_papers", "watch_region", "review_reads"},
    Role.ADMINISTRATOR: {"plan_duty", "watch", "read_ledger", "manage_accounts", "forget_person", "watch_region"},
    Role.CARRIER: {"submit_papers"},  # all else only of the firms that the account names
    Role.CAMERA: {"upload_image"},
    Role.REGION_OFFICER: {"watch_region", "acknowledge", "steer_region"},
    Role.DATA_PROTECTION: {"read_ledger", "review_reads"},
    Role.PLANNER: {"study"},
}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role):
    assert {action.value for action in Action if may(principal(role), action) == Granted()} == MAY[role]


def test_without_a_role_nothing_is_allowed():
    assert all(isinstance(may(principal(), action), Refused) for action in Action)


def test_who_administers_accounts_decides_nothing_at_a_lane():
    deciding = {Action.REVIEW, Action.CONFIRM, Action.STEER_LANE, Action.PLACE_HOLD, Action.SUBMIT_PAPERS}
    assert not deciding & set(actions_of(principal(Role.ADMINISTRATOR)))


def test_what_one_may_do_by_any_role_is_listed_once():
    found = actions_of(principal(Role.AUDITOR, Role.LANE_OPERATOR))
    assert len(found) == len(set(found))
    assert {Action.READ_LEDGER, Action.REVIEW} <= set(found)


def test_a_refusal_names_the_action_and_who_asked():
    refused = may(principal(Role.CAMERA), Action.REVIEW)
    assert isinstance(refused, Refused)
    assert refused.reasons[0].params == {"action": "review", "username": "somebody"}


async def test_the_right_password_gives_the_account():
    assert await check_password(WANG, "open sesame", PlainHasher(), "decoy") == WANG


@pytest.mark.parametrize(
    "account",
    [
        None,
        msgspec.structs.replace(WANG, disabled=True),
        msgspec.structs.replace(WANG, password_hash=None),
        msgspec.structs.replace(WANG, password_hash="hash of another"),
    ],
)
async def test_every_other_sign_in_is_refused_alike_after_one_check(account: Account | None):
    hasher = PlainHasher()
    refused = await check_password(account, "open sesame", hasher, "decoy")
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "access.wrong_password"
    assert len(hasher.checked) == 1


def test_a_session_lasts_a_shift_and_no_longer():
    session, _ = open_session(WANG, "secret", NOW)
    assert session_holds(session, NOW)
    assert session_holds(session, NOW + SESSION_US - 1)
    assert not session_holds(session, NOW + SESSION_US)
    assert not session_holds(session, NOW - 1)


def test_no_entry_holds_a_secret_or_a_hash_of_a_password():
    units = [
        save_account(WANG, "admin", NOW),
        open_session(WANG, "the secret", NOW, NOW)[1],
        issue_token(WANG, "lane 3", "the secret", NOW, None)[1],
        keep_answer_alone(Answer("wang", "key", "ab" * 32, 200, b"the secret", NOW)),
    ]
    for unit in units:
        for draft in unit.drafts:
            assert b"secret" not in draft.body
            assert b"open sesame" not in draft.body


def test_proof_counts_for_dangerous_acts_for_five_minutes():
    session, _ = open_session(WANG, "secret", NOW)
    assert not stepped_up(principal_of(WANG, stepped_up_at=session.stepped_up_at), NOW)
    renewed, unit = step_up(session, NOW)
    assert unit.guards[0].name == "access.step_up"
    assert stepped_up(principal_of(WANG, stepped_up_at=renewed.stepped_up_at), NOW + STEP_UP_US)
    assert not stepped_up(principal_of(WANG, stepped_up_at=renewed.stepped_up_at), NOW + STEP_UP_US + 1)
    assert not stepped_up(principal_of(WANG, stepped_up_at=NOW + 1), NOW)


def test_closing_a_session_is_refused_where_it_is_closed():
    session, _ = open_session(WANG, "secret", NOW)
    assert [guard.name for guard in close_session(session, NOW).guards] == ["access.close_session"]


def test_a_token_holds_until_it_expires_or_is_taken_back():
    token, _ = issue_token(WANG, "lane 3", "secret", NOW, NOW + 10)
    assert token_holds(token, NOW + 9)
    assert not token_holds(token, NOW + 10)
    unit = revoke_token(token, "admin", NOW + 1)
    assert unit.effects[0].params["revoked_at"] == NOW + 1
    assert not token_holds(msgspec.structs.replace(token, revoked_at=NOW + 1), NOW + 2)
    assert token.secret_sha256 == secret_hash("secret")


def test_a_demonstration_account_is_out_where_there_is_no_demonstration():
    demo = msgspec.structs.replace(WANG, demo=True)
    assert admitted(demo, demo=True) == demo
    assert isinstance(admitted(demo, demo=False), Refused)
    assert isinstance(admitted(None, demo=True), Refused)
    assert isinstance(admitted(msgspec.structs.replace(WANG, disabled=True), demo=False), Refused)


def test_two_changes_of_an_account_at_one_instant_are_two_entries():
    first = save_account(WANG, "admin", NOW)
    second = save_account(msgspec.structs.replace(WANG, disabled=True), "admin", NOW)
    assert first.drafts[0].key != second.drafts[0].key
    assert save_account(WANG, "admin", NOW) == first
