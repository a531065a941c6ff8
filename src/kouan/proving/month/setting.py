"""What a virtual month is: how long, how many lorries, by which way of working."""

from datetime import date

import msgspec

from kouan.proving.port_day import DAY
from kouan.vocabulary.clock import SECOND

HOUR_S, DAY_S = 3600.0, 86_400.0
HOUR_US, DAY_US = 3600 * SECOND, 86_400 * SECOND

FIRMS_PER_LORRY_A_DAY = 1.5
"""Importing firms for each lorry a day. Our choice: a firm sends some twenty lorries a month."""

BUDGET_PM = 50
"""Examinations that targeting may ask for, per mille of the lorries of a day. Our choice: the 5 % of issue 4's goal."""

EXPLORATION_PM = 400
"""Part of that budget that chance spends. Our choice: a month needs some dozens of draws to estimate a rate from."""

COLLECTING_PM = 800
"""Part of it before there is a model, as in ``kouan bench targeting``."""


class MonthSetting(msgspec.Struct, frozen=True, kw_only=True):
    """What is simulated: ``days`` of a port from 00:00 on ``day``, with about ``lorries`` inbound in all of them.

    ``inspect_first``: nothing leaves, or is unloaded, before its result; else the regimes in force hold. All chance
    follows from ``seed``, and what befalls a lorry from its own number. ``checked`` says whether the invariants are
    checked at every entry. ``before_days`` are those before the month in which targeting learns; with none it has no
    model.
    """

    port: str = "ganqimaodu"
    days: int = 30
    lorries: int = 3000
    seed: int = 7
    day: date = DAY
    inspect_first: bool = False
    checked: bool = True
    before_days: int = 0

    @property
    def a_day(self) -> int:
        """Lorries a day."""
        return max(1, self.lorries // self.days)
