"""The accounts of a demonstration: fixed people for whoever looks on, generated secrets for whoever is simulated."""

import hashlib
from collections.abc import Mapping, Sequence

from kouan.access.people import Account, Agency, Role, Token
from kouan.access.roles import Accounts, PasswordHasher, record_params
from kouan.access.roster import AUTHORITIES, LONGEST_US, ON_DUTY, Duty, keep
from kouan.access.use_cases import save_account, secret_hash
from kouan.adapters.engines.data_folder import DataFolder
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Ledger, Statement, Unit
from kouan.simulator.traders import CONSIGNEE
from kouan.vocabulary.clock import Instant

DEMO_USER = "demo"
DEMO_PASSWORD = "kouan-demo"  # noqa: S105 - shown on the sign-in page of a demonstration, and made in no other
"""Whoever looks on signs in with these; the account exists only while the port runs as a demonstration."""

OFFICERS: Mapping[str, tuple[str, str]] = {
    "border_inspection": ("sim-border-1", "sim-border-2"),
    "customs": ("sim-customs-1", "sim-customs-2"),
    "site": ("sim-site-1", "sim-site-2"),
}
"""The simulated officers, a first and a second person for each authority."""

MACHINES: Mapping[str, tuple[str, Role, Agency]] = {
    "trader": ("sim-trader", Role.CARRIER, Agency.TRADE),
    "customs": ("sim-customs-system", Role.INSPECTOR, Agency.CUSTOMS),
    "camera": ("sim-camera", Role.CAMERA, Agency.SITE),
    "consignee": ("sim-consignee", Role.CARRIER, Agency.TRADE),
}

FIRMS: Mapping[str, tuple[str, ...]] = {"consignee": (CONSIGNEE,)}
"""The firms for which the simulated machines act: the one that all simulated declarations name fetches its goods."""


_MACHINE_USERS = frozenset(username for username, _, _ in MACHINES.values())


def demo_password(folder: DataFolder, username: str) -> str:
    """Return the generated password of a simulated officer."""
    return folder.secret(f"demo-{username}")


def demo_token(folder: DataFolder, machine: str) -> str:
    """Return the generated token of a simulated machine."""
    return folder.secret(f"demo-{MACHINES[machine][0]}")


def people() -> Sequence[Account]:
    """Return the demonstration's accounts, without password hashes."""
    roles = (Role.DUTY_OFFICER, Role.AUDITOR, Role.PLANNER)
    onlooker = Account(DEMO_USER, "Demo duty officer", Agency.CUSTOMS, roles, demo=True)
    officers = [
        Account(username, f"Simulated officer {username}", Agency(authority), (Role.DUTY_OFFICER,), demo=True)
        for authority, pair in OFFICERS.items()
        for username in pair
    ]
    machines = [
        Account(username, f"Simulated {name}", agency, (role,), demo=True, firms=FIRMS.get(name, ()))
        for name, (username, role, agency) in MACHINES.items()
    ]
    return [onlooker, *officers, *machines]


async def make_accounts(
    folder: DataFolder, ledger: Ledger, accounts: Accounts, hasher: PasswordHasher, now: Instant
) -> None:
    """Make the demonstration's accounts and tokens where they are missing."""
    for account in people():
        if await accounts.find_account(account.username) is None:
            await ledger.append(save_account(await _with_password(folder, account, hasher), "demo", now))
    for name, (username, _, _) in MACHINES.items():
        token = Token(secret_hash(demo_token(folder, name)), username, "demo", now)
        key = hashlib.sha256(token.secret_sha256.encode()).hexdigest()[:16]
        draft = Draft("access.token_issued/1", username, f"demo-token:{username}:{key}", canonical({"label": "demo"}))
        await ledger.append(Unit((draft,), effects=(Statement("access.save_token", record_params(token)),)))


DEMO_DAYS = 14
"""How far ahead a demonstration's people are on its roster, at each start. Our choice: longer than one is looked at."""


async def make_duties(ledger: Ledger, accounts: Accounts, now: Instant) -> None:
    """Put the demonstration's people on duty, at every hour of the days to come, where they are not."""
    today = now - now % LONGEST_US
    for account in people():
        if account.agency not in AUTHORITIES or ON_DUTY.isdisjoint(account.roles) or account.username in _MACHINE_USERS:
            continue
        starts = range(today, today + DEMO_DAYS * LONGEST_US, LONGEST_US)
        planned = [
            keep(Duty(number, account.username, account.agency, "demo", start, start + LONGEST_US, "demo", now))
            for start in starts
            if await accounts.find_duty(number := f"D-{account.username}-{start // LONGEST_US}") is None
        ]
        if planned:
            drafts = tuple(draft for unit in planned for draft in unit.drafts)
            await ledger.append(Unit(drafts, tuple(guard for unit in planned for guard in unit.guards)))


async def _with_password(folder: DataFolder, account: Account, hasher: PasswordHasher) -> Account:
    if account.username in _MACHINE_USERS:
        return account
    password = DEMO_PASSWORD if account.username == DEMO_USER else demo_password(folder, account.username)
    return Account(
        account.username,
        account.display_name,
        account.agency,
        account.roles,
        password_hash=await hasher.hash(password),
        demo=True,
    )
