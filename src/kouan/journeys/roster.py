"""The roster is planned by a person or from a file: account, use case and ledger together."""

from collections.abc import Iterable

import msgspec

from kouan.access.people import Principal
from kouan.access.roles import Accounts
from kouan.access.roster import Duty, Wanted, plan
from kouan.access.roster_file import RosterRow
from kouan.ledger.roles import Ledger, UnitRefused
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Refused, refuse

OVERLAPS = refuse("duty.overlaps", field="starts_at", mend="must not reach into another duty of the same person")
"""What is answered where the ledger refuses a duty."""


class RejectedRow(msgspec.Struct, frozen=True):
    """One line of a file that is no duty: the field, the rule, and the mend."""

    row: int
    field: str
    rule: str
    mend: str


class RosterBrought(msgspec.Struct, frozen=True):
    """What became of a roster's lines: each is planned or rejected."""

    rows: int
    planned: tuple[Duty, ...]
    rejected: tuple[RejectedRow, ...]


class RosterDesk:
    """Puts duties on a port's roster."""

    def __init__(self, accounts: Accounts, ledger: Ledger, clock: Clock) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._clock = clock

    async def plan(self, wanted: Wanted, by: Principal) -> Duty | Refused:
        """Put one duty on the roster."""
        planned = plan(wanted, await self._accounts.find_account(wanted.username), by, self._clock.now())
        if isinstance(planned, Refused):
            return planned
        duty, unit = planned
        return OVERLAPS if isinstance(await self._ledger.append(unit), UnitRefused) else duty

    async def bring(self, rows: Iterable[RosterRow], by: Principal) -> RosterBrought:
        """Put the duties of a file on the roster, line by line; what is wrong with one keeps no other off."""
        planned: list[Duty] = []
        rejected: list[RejectedRow] = []
        count = 0
        for row in rows:
            count += 1
            duty = row.wrong if row.wanted is None else await self.plan(row.wanted, by)
            if isinstance(duty, Duty):
                planned.append(duty)
            elif isinstance(duty, InvalidValue):
                rejected.append(RejectedRow(row.row, duty.field, duty.rule, duty.mend))
            elif duty is not None:
                code, params = duty.reasons[0].code, duty.reasons[0].params
                rejected.append(RejectedRow(row.row, str(params["field"]), code, str(params["mend"])))
        return RosterBrought(count, tuple(planned), tuple(rejected))
