"""Inspectors of the demonstration: they do what the sheets of their worklist say, find what is truly there, and answer.

They know the vehicle in front of them, as people at a bay do, and the sheet; what the platform thinks is not theirs.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from kouan.simulator.anomalies import Anomaly
from kouan.simulator.identities import seal_number
from kouan.simulator.pictures import plate_picture
from kouan.simulator.roles import Document, InspectionDesk, Sleep
from kouan.simulator.scenario import Inspection
from kouan.simulator.surroundings import Left
from kouan.simulator.vehicles import Lorry
from kouan.simulator.waits import Waits
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import KouanError

LOOKS_EVERY_S = 2.0
"""How often the worklist is looked at, in seconds of the wall clock. Our choice, as at the duty officers' desk."""

GIVES_UP_S = 3_600.0
"""How long a diverted vehicle waits to be examined before its driver goes home, in the field's seconds. Our choice."""

TYPICAL_KG = 40_000
"""What a vehicle weighs that came before this field began. Our choice."""

FINDS: Mapping[str, tuple[Anomaly, ...]] = {
    "persons": (Anomaly.WRONG_DRIVER, Anomaly.EXPIRED_DOCUMENT, Anomaly.STOWAWAY),
    "documents": (Anomaly.MISSING_MANIFEST, Anomaly.CLONED_PLATE),
    "weight": (Anomaly.OVERWEIGHT_UNDECLARED,),
    "radiation": (Anomaly.RADIATION_SOURCE,),
    "scan": (Anomaly.OVERWEIGHT_UNDECLARED, Anomaly.STOWAWAY),
    "vehicle_search": (Anomaly.STOWAWAY,),
    "appearance": (Anomaly.DAMAGED_CONTAINER, Anomaly.SEAL_BROKEN),
    "quarantine": (Anomaly.FEVER,),
    "quantity": (Anomaly.OVERWEIGHT_UNDECLARED,),
}
"""What each step shows, if it is there; the others show nothing that this field plants."""

PRESENT = ("at_bay", "steps", "results")
"""States of a sheet whose vehicle stands at its bay."""


class Inspectors:
    """Everybody who works at the bays; nobody does the same thing twice, and what is refused is looked at again."""

    def __init__(
        self, desk: InspectionDesk, setting: Inspection, clock: Clock, sleep: Sleep, random: Random, speed: float,
        onward: Callable[[Left], None],
    ) -> None:  # fmt: skip
        """``onward`` is told of each vehicle that leaves the bays; ``speed`` field seconds pass in one of the wall."""
        self.reported = 0
        self.answered = 0
        self._desk = desk
        self._setting = setting
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._speed = speed
        self._onward = onward
        self._expected: dict[str, tuple[Left, Instant]] = {}
        self._seen: set[str] = set()
        self._waits = Waits(clock, random, speed)

    def expect(self, left: Left) -> None:
        """Take note of a vehicle that was sent to be examined."""
        plate = left.lorry.papers.plate
        self._expected[plate] = (left, self._clock.now() + self._span_us(GIVES_UP_S))
        self._seen.discard(plate)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self._sleep(LOOKS_EVERY_S * self._speed)
            try:
                await self._round()
            except KouanError:
                continue  # the desk cannot be reached, or somebody else was quicker: look again

    async def _round(self) -> None:
        listed = await self._desk.worklist()
        self._let_go({str(item["plate"]) for item in listed})
        for item in listed:
            if item["state"] == "called" or item["state"] in PRESENT:
                sheet = await self._desk.sheet(str(item["number"]))
                if sheet is not None:
                    await self._work(sheet)

    def _let_go(self, plates: set[str]) -> None:
        """Let those go whose examination ended, and those whom nobody examines."""
        now = self._clock.now()
        for plate, (left, until) in list(self._expected.items()):
            if plate in plates:
                self._seen.add(plate)
            elif plate in self._seen or now >= until:
                del self._expected[plate]
                self._seen.discard(plate)
                self._onward(left)

    async def _work(self, sheet: Document) -> None:
        number, appointment = str(sheet["number"]), sheet["appointment"]
        if sheet["state"] == "called" and appointment is not None:
            called = f"{number}:{sheet['called_at']}"
            if self._waits.over(called, int(sheet["called_at"]), self._setting.drives_s):
                await self._desk.arrived(number, str(appointment["bay"]))
            return
        step = next((each for each in sheet["steps"] if not each["done"]), None)
        if step is not None:
            await self._step(sheet, step)
        for ask in sheet["asks"]:
            await self._ask(sheet, ask)

    async def _step(self, sheet: Document, step: Document) -> None:
        """Do the first step that is left, each agency that must be there."""
        minutes = float(step["minutes"]) * self._setting.pace
        begun = f"{sheet['number']}:{step['number']}:{step['round']}"
        if not self._waits.over(begun, self._clock.now(), (minutes * 48.0, minutes * 72.0)):
            return
        told = {str(report["agency"]) for report in step["reports"]}
        for agency in step["present"]:
            if agency not in told:
                report = await self._report(sheet, str(step["kind"]))
                self.reported += await self._desk.report(agency, str(sheet["number"]), int(step["number"]), report)

    async def _report(self, sheet: Document, kind: str) -> Document:
        plate = str(sheet["vehicle"]["plate"])
        lorry = self._expected[plate][0].lorry if plate in self._expected else None
        there = [each.value for each in FINDS.get(kind, ()) if lorry is not None and lorry.has(each)]
        report: dict[str, object] = {"outcome": "adverse" if there else "clear", "found": [{"code": c} for c in there]}
        if kind in ("radiation", "scan", "appearance"):
            report["pictures"] = [await self._desk.picture(plate_picture(plate, yellow=True, front=False).jpeg)]
        if kind == "open_seal":
            report["seals"] = _hanging(lorry, sheet)
        if kind == "reseal":
            report["seals"] = [seal_number(self._random)]
        if kind in ("weight", "quantity"):
            report["mass_kg"] = TYPICAL_KG if lorry is None else lorry.gross_kg if kind == "weight" else lorry.cargo_kg
        return report

    async def _ask(self, sheet: Document, ask: Document) -> None:
        """Answer one control order: what its steps show, and once what was found is dealt with, two let go."""
        number, order, agency = str(sheet["number"]), str(ask["number"]), str(ask["agency"])
        answers = [each for each in sheet["answers"] if each["ask"] == order]
        last = answers[-1] if answers else None
        steps = [step for step in sheet["steps"] if order in step["asks"]]
        if (last is not None and last["releases"]) or not steps or not all(step["done"] for step in steps):
            return
        if last is not None and last["outcome"] == "release":
            self.answered += await self._desk.agree(agency, number, order)
        elif all(step["clear"] for step in steps):
            await self._say(agency, number, order, "release", "Nothing was found")
        elif last is None:
            await self._say(agency, number, order, "keep", "To be dealt with: see what was found")
        elif self._waits.over(f"{number}:{order}:{last['at']}", int(last["at"]), self._setting.settles_s):
            await self._say(agency, number, order, "release", "What was found is dealt with", override=True)

    async def _say(
        self, agency: str, number: str, order: str, outcome: str, reason: str, *, override: bool = False
    ) -> None:
        said = {"order": order, "outcome": outcome, "reason": reason, "override": override}
        self.answered += await self._desk.answer(agency, number, said)

    def _span_us(self, span_s: float) -> int:
        return round(span_s * SECOND / self._speed)


def _hanging(lorry: Lorry | None, sheet: Document) -> Sequence[str]:
    """Return the seal that truly hangs there, or that none does."""
    if lorry is None:
        return list(sheet["seals_now"])
    return [lorry.seal] if lorry.seal else ["NONE"]
