"""Persons: what names one of them stands in no entry, message or log that others read (I17)."""

import re
from collections import deque
from typing import ClassVar

from kouan.proving.observations import Checker, Observation, on

NAMES_KEPT = 12
"""Drivers whose names are looked for at a time: those of the lanes now, and some that were there before."""

_NUMBERS = re.compile(rb"[A-Z][0-9]{8}")
"""The form of the document numbers of simulated drivers."""


class NobodyNamed(Checker):
    """I17."""

    invariant: ClassVar[str] = "I17"
    promise: ClassVar[str] = (
        "no document number, name or machine-readable zone of a driver stands in an entry, in a message but the "
        "terminal's own, or in a log; the drivers of the run are the canaries"
    )

    def __init__(self) -> None:
        super().__init__()
        self._numbers: set[bytes] = set()
        self._names: deque[bytes] = deque(maxlen=NAMES_KEPT)
        self._earlier: dict[bytes, str] = {}

    @on("driver_terminal/event")
    def identified(self, seen: Observation) -> None:
        """A driver showed a document: from here on it is known what must stand nowhere."""
        if not isinstance(seen.body, dict) or len(seen.body.get("mrz", ())) < 2:
            return
        first, second = seen.body["mrz"][:2]
        number, (family, _, given) = second[:9].rstrip("<").encode(), first[5:].partition("<<")
        name = f"{family} {given.rstrip('<')}".replace("<", " ").encode()
        self._numbers.add(number)
        if name not in self._names:
            self._names.append(name)
        if number in self._earlier:
            self.violated(seen, f"the document number of a driver stands in {self._earlier[number]}")

    @on("entry")
    def recorded(self, seen: Observation) -> None:
        """An entry is durable."""
        entry = seen.data
        self._look(seen, b"%b\n%b" % (bytes(entry.body), entry.stream.encode()), f"entry {entry.seq} ({entry.kind})")

    @on("customs/case", "border_inspection/case", "site/case", "display/command")
    def sent(self, seen: Observation) -> None:
        """A message is on the wire."""
        self._look(seen, seen.data[1], f"a message on {seen.data[0]}")

    @on("logged")
    def logged(self, seen: Observation) -> None:
        """Something was written to a log."""
        self._look(seen, str(seen.data).encode(), "a log")

    def _look(self, seen: Observation, text: bytes, where: str) -> None:
        for number in _NUMBERS.findall(text):
            if number in self._numbers:
                self.violated(seen, f"the document number of a driver stands in {where}")
            else:
                self._earlier.setdefault(number, where)
        if b"<<" in text or self._named(text):
            self.violated(seen, f"a driver is named in {where}")

    def _named(self, text: bytes) -> bool:
        if b" " not in text:  # every name has a blank, and most of what is written has none
            return False
        for name in self._names:  # noqa: SIM110 - a generator here takes twice the time, at every entry and message
            if name in text:
                return True
        return False
