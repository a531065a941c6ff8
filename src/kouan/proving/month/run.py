"""Running a virtual month, and once more under inspect-first rules to compare with."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kouan.access.people import Agency, Principal, Role
from kouan.adapters.papers_watch import PapersWatch
from kouan.proving.month.checks import MONTH_CHECKERS, month_checkers
from kouan.proving.month.history import History
from kouan.proving.month.lorries import Lorries
from kouan.proving.month.port import MonthPort
from kouan.proving.month.report import figures
from kouan.proving.month.setting import BUDGET_PM, COLLECTING_PM, DAY_S, DAY_US, EXPLORATION_PM, MonthSetting
from kouan.proving.month.traders import Drawn, Traders
from kouan.proving.observations import Watch
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.port_file import load_port
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.verdict import Reason, Refused
from kouan.wiring.port_file import load, path_of
from kouan.wiring.twin.watched import Tell, tell_nobody

OFFICER = Principal("duty-1", "Duty officer", Agency.CUSTOMS, (Role.DUTY_OFFICER,))

LEAST_BUDGET = 2
"""Fewest examinations a day that targeting may ask for, in however small a month."""

EVERY_S = 3600.0
"""Seconds between two looks for overdue declarations. Our choice: their deadlines count in days."""

YARD_EVERY_S = 300.0
"""Seconds between two looks for vehicles that wait too long. Our choice: their limits count in tens of minutes."""

Progress = Callable[[float], None]


def simulate_month(
    setting: MonthSetting, tell: Progress = lambda _: None, *, compare: bool = True
) -> Mapping[str, Any]:
    """Simulate a month and return what the port would have done; one setting gives one ledger, byte for byte.

    ``compare`` runs the same lorries once more under inspect-first rules, for the vehicle hours saved. ``tell`` is told
    what share of all is done, from 0 to 1. Raises KouanError for a port without a yard.
    """
    runs = 2 if compare and not setting.inspect_first else 1
    month = _Month(setting, lambda share: tell(share / runs))
    done = month.figures()
    if runs == 1:
        return done
    first = msgspec.structs.replace(setting, inspect_first=True, checked=False)
    other = _Month(first, lambda share: tell((1 + share) / 2), month.drawn).figures()
    return {**done, "inspect_first": _compared(done, other), "cpu_s": done["cpu_s"] + other["cpu_s"]}


def _compared(done: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "vehicle_hours": other["vehicle_hours"],
        "vehicle_hours_saved": round(other["vehicle_hours"] - done["vehicle_hours"], 1),
        "hours_a_lorry": other["hours_a_lorry"],
        "released_on_condition": other["released_on_condition"],
        "hours_to_release": other["hours_to_release"],
        "ledger_root": other["ledger_root"],
    }


class _Month:
    """One run of a month."""

    def __init__(self, setting: MonthSetting, tell: Progress, again: Sequence[Sequence[Drawn]] = ()) -> None:
        """``again`` are the lorries of another run, to be seen once more."""
        self.drawn: Sequence[Sequence[Drawn]] = ()
        self._again = again
        self._setting = setting
        self._tell = tell
        self._file = load(setting.port)
        self._began_s = 0.0

    def figures(self) -> Mapping[str, Any]:
        """Live the month, and return what it brought."""
        self._began_s = time.process_time()
        loop = VirtualLoop(midnight_of(self._setting, self._file.timezone) - self._setting.before_days * DAY_US)
        return run(self._live(VirtualClock(loop)), loop)

    async def _live(self, clock: VirtualClock) -> Mapping[str, Any]:
        setting = self._setting
        watch = Watch(month_checkers())
        observe: Tell = watch.teller(clock) if setting.checked else tell_nobody
        office = load_port(path_of(setting.port)).simulation.customs_office
        calls: list[Reason] = []

        def alarm(_lane: str, _passage: str, _priority: int, reason: Reason) -> None:
            calls.append(reason)
            lorries.called(reason.code, reason.params)

        port = await MonthPort(setting, self._file, clock, observe, alarm).open()
        traders = Traders(setting, office, self._again)
        self.drawn = traders.drawn
        lorries = Lorries(setting, port, traders, observe)
        history = History(port, traders, setting.seed)
        await self._before(port, traders, history)
        await self._set_budget(port, EXPLORATION_PM)
        papers = PapersWatch(port.due, alarm, EVERY_S)
        timers = (port.watch.run(), papers.run(), _looks_at_the_yard(port))
        for part in (history.rest(), *timers, lorries.officers.drive(), lorries.yard.zero_checks()):
            lorries.spawn(part)
        for day in range(setting.days):
            lorries.begin(traders.day(setting.before_days + day))
            await self._day(lorries, clock, day)
        observe("month", "end", None)
        cpu_s = time.process_time() - self._began_s
        checked = (watch.violations, len(MONTH_CHECKERS)) if setting.checked else None
        return {**await figures(setting, port, lorries, checked, cpu_s), "no_model": history.no_model}

    async def _before(self, port: MonthPort, traders: Traders, history: History) -> None:
        """Live the days before the month, in which targeting learns of the trade."""
        setting = self._setting
        if not setting.before_days:
            history.no_model = "targeting.no_model"
            return
        await self._set_budget(port, COLLECTING_PM)
        begun = port.clock.now()
        for day in range(setting.before_days):
            await history.until(begun + day * DAY_US)
            await history.live(traders.day(day))
        await history.until(begun + setting.before_days * DAY_US)
        await history.learn()

    async def _day(self, lorries: Lorries, clock: VirtualClock, day: int) -> None:
        """Let a day pass; raise what failed meanwhile."""
        for hour in range(24):
            since = clock.monotonic() / SECOND - self._setting.before_days * DAY_S
            await asyncio.sleep(day * DAY_S + (hour + 1) * 3600 - since)
            if lorries.failed is not None:
                raise lorries.failed
            self._tell((day * 24 + hour + 1) / (self._setting.days * 24))

    async def _set_budget(self, port: MonthPort, exploration_pm: int) -> None:
        a_day = self._setting.a_day
        most = max(LEAST_BUDGET, a_day * BUDGET_PM // 1000)
        set_ = await port.targeting.set_budget(
            OFFICER, most=most, period_h=24, exploration_pm=exploration_pm, expected=a_day, reason="as agreed"
        )
        if isinstance(set_, Refused):
            raise KouanError(f"the budget was refused: {set_.reasons[0].code}")


async def _looks_at_the_yard(port: MonthPort) -> None:
    """Look for vehicles that wait too long in the yard, as its driver does."""
    while True:
        await port.yard.driver.look()
        await asyncio.sleep(YARD_EVERY_S)


def midnight_of(setting: MonthSetting, timezone: str) -> Instant:
    """Return the instant at which the month begins, at its port."""
    begins = datetime.combine(setting.day, time_of_day(), ZoneInfo(timezone))
    return int(begins.timestamp()) * SECOND
