"""From lines to occupancies: background → scan → alarms → end line."""

from collections import deque

import msgspec

from kouan.protocols.radiation_portal.messages import (
    CountKind,
    CountLine,
    EndLine,
    Garbled,
    Line,
    Occupancy,
    SpeedLine,
    TamperLine,
)
from kouan.vocabulary.clock import Instant

INTERVALS_A_SECOND = 5
"""Gamma counts come every 200 ms; five in a row make counts a second (the portal's own running sum)."""

_GAMMA = (CountKind.GAMMA_SCAN, CountKind.GAMMA_ALARM)
_NEUTRON = (CountKind.NEUTRON_SCAN, CountKind.NEUTRON_ALARM)
_GAMMA_STATES = (CountKind.GAMMA_BACKGROUND, CountKind.GAMMA_HIGH, CountKind.GAMMA_LOW)


class _Open(msgspec.Struct):
    """An occupancy that has not ended."""

    started_at: Instant
    tamper: bool
    gamma_lines: int = 0
    neutron_lines: int = 0
    gamma_alarm: bool = False
    neutron_alarm: bool = False
    gamma_peak_cps: int = 0
    neutron_peak_cps: int = 0
    speed_mmps: int | None = None


class OccupancyReader:
    """Follows one portal's lines and tells each occupancy when it has ended.

    A background line amid an occupancy means that the end line was lost: the occupancy is told as incomplete. So is
    one in which a line was garbled, the portal's number skipped, or gamma or (where ``neutron`` says that the portal
    has such detectors) neutron scans are missing altogether. And so is
    one that went on already when the reader began, before any background line.
    """

    def __init__(self, *, neutron: bool = True) -> None:
        self._neutron = neutron
        self._open: _Open | None = None
        self._window: deque[int] = deque(maxlen=INTERVALS_A_SECOND)
        self._last_number: int | None = None
        self._gamma_background_cps = 0
        self._neutron_background_cps = 0
        self._gamma_fault: CountKind | None = None
        self._neutron_fault: CountKind | None = None
        self._tamper = False
        self._garbled = True  # what came before the first background line is unknown

    @property
    def occupied(self) -> bool:
        """Whether a vehicle is in the portal."""
        return self._open is not None

    def take(self, line: Line | Garbled, at: Instant) -> Occupancy | None:
        """Return the occupancy that this line ended, if it ended one."""
        match line:
            case CountLine(kind) if kind in _GAMMA or kind in _NEUTRON:
                self._scan(line, at)
            case CountLine():
                return self._background(line, at)
            case EndLine(number):
                return self._end(number, at)
            case SpeedLine() if self._open:
                self._open.speed_mmps = line.speed_mmps
            case TamperLine(is_open):
                self._tamper = is_open
                if self._open:
                    self._open.tamper |= is_open
            case Garbled():
                self._garbled = True
        return None

    def _opened(self, at: Instant) -> _Open:
        if self._open is None:
            self._window.clear()
            self._open = _Open(at, self._tamper)
        return self._open

    def _scan(self, line: CountLine, at: Instant) -> None:
        now = self._opened(at)
        if line.kind in _GAMMA:
            now.gamma_lines += 1
            now.gamma_alarm |= line.kind is CountKind.GAMMA_ALARM
            self._window.append(line.total)
            rate = sum(self._window) * INTERVALS_A_SECOND // len(self._window)
            now.gamma_peak_cps = max(now.gamma_peak_cps, rate)
        else:
            now.neutron_lines += 1
            now.neutron_alarm |= line.kind is CountKind.NEUTRON_ALARM
            now.neutron_peak_cps = max(now.neutron_peak_cps, line.total)

    def _background(self, line: CountLine, at: Instant) -> Occupancy | None:
        ended = self._close(None, at) if self._open else None
        self._garbled = False
        if line.kind in _GAMMA_STATES:
            self._gamma_background_cps = line.total
            self._gamma_fault = None if line.kind is CountKind.GAMMA_BACKGROUND else line.kind
        else:
            self._neutron_background_cps = line.total
            self._neutron_fault = None if line.kind is CountKind.NEUTRON_BACKGROUND else line.kind
        return ended

    def _end(self, number: int, at: Instant) -> Occupancy | None:
        if self._open is None and number == self._last_number:
            return None  # the same line again
        self._opened(at)
        return self._close(number, at)

    def _close(self, number: int | None, at: Instant) -> Occupancy:
        now = self._opened(at)
        incomplete = self._garbled or self._skipped(number) or not now.gamma_lines
        incomplete = incomplete or (self._neutron and not now.neutron_lines)
        self._last_number, self._garbled, self._open = number, False, None
        return Occupancy(
            number=number,
            started_at=now.started_at,
            ended_at=at,
            gamma_alarm=now.gamma_alarm,
            neutron_alarm=now.neutron_alarm,
            gamma_peak_cps=now.gamma_peak_cps,
            gamma_background_cps=self._gamma_background_cps,
            neutron_peak_cps=now.neutron_peak_cps,
            neutron_background_cps=self._neutron_background_cps,
            speed_mmps=now.speed_mmps,
            faults=tuple(str(fault) for fault in (self._gamma_fault, self._neutron_fault) if fault),
            tamper=now.tamper,
            incomplete=incomplete,
        )

    def _skipped(self, number: int | None) -> bool:
        if number is None:
            return True
        return self._last_number is not None and number != (self._last_number + 1) % 1_000_000
