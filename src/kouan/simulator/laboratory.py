"""Customs' lots in the demonstration: checks on site, samples, the laboratory's results hours later, certificates."""

import datetime as dt
from random import Random

from kouan.simulator.roles import Document, InspectionDesk, Sleep
from kouan.simulator.scenario import Inspection
from kouan.simulator.waits import Waits
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import KouanError

LOOKS_EVERY_S = 10.0
"""How often lots are looked at, in seconds of the wall clock. Our choice."""

NOT_OURS = ("unloaded", "weight")
"""Checks that are not made by looking: what is unloaded and weighed, the yard says."""

LABORATORY, STORE = "Customs technical centre", "Sample store"

CHINA = dt.timezone(dt.timedelta(hours=8))


class Laboratory:
    """Customs' inspectors of goods and their laboratory: every lot that lies at the port is looked at in its turn."""

    def __init__(
        self, desk: InspectionDesk, setting: Inspection, clock: Clock, sleep: Sleep, random: Random, speed: float
    ) -> None:
        """``speed`` is how many of the field's seconds pass in one of the wall clock."""
        self.sampled = 0
        self.results = 0
        self.certificates = 0
        self._desk = desk
        self._setting = setting
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._speed = speed
        self._waits = Waits(clock, random, speed)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self._sleep(LOOKS_EVERY_S * self._speed)
            try:
                await self._round()
            except KouanError:
                continue  # the desk cannot be reached: look again

    async def _round(self) -> None:
        for state in ("arrived", "on_site"):
            for lot in await self._desk.lots(state):
                await self._look(lot)
        for state in ("sampled", "conditionally_released"):
            for lot in await self._desk.lots(state):
                await self._test(str(lot["number"]))
        for lot in await self._desk.lots("passed"):
            await self._certify(lot)

    async def _look(self, lot: Document) -> None:
        """Make the checks that a lot lacks, and take its sample once none is."""
        number = str(lot["number"])
        for reason in lot["blocking"]:
            if reason["code"] == "release.check_missing" and reason["params"]["check"] not in NOT_OURS:
                await self._desk.tell_lot(number, "checks", {"check": reason["params"]["check"], "passed": True})
            elif reason["code"] == "release.sample_missing":
                self.sampled += await self._desk.tell_lot(number, "samples", self._sample(number))

    def _sample(self, lot: str) -> Document:
        sample = f"S{lot}-{self._random.randrange(10**6):06d}"
        seal = f"LS{self._random.randrange(10**8):08d}"
        return {
            "sample": sample, "seal": f"{seal}A", "duplicate": f"{sample}D", "duplicate_seal": f"{seal}B",
            "location": "Examination yard", "witness": "Consignee", "laboratory": LABORATORY, "store": STORE,
        }  # fmt: skip

    async def _test(self, number: str) -> None:
        """Report the sample that is out, once the laboratory had its time."""
        lot = await self._desk.lot(number)
        waiting = [each for each in (lot or {}).get("samples", ()) if not each["duplicate_of"] and not each["result"]]
        for sample in waiting:
            name = str(sample["number"])
            if not self._waits.over(name, int(sample["taken_at"]), self._setting.laboratory_s):
                continue
            passed = self._random.random() >= self._setting.fails
            ash = {"item": "ash", "value": "9.8" if passed else "41.2", "unit": "%", "limit": "40.0", "bound": "most"}
            self.results += await self._desk.attest(
                "laboratory_result",
                {
                    "number": f"LAB-{name}", "laboratory": LABORATORY, "lot": number, "sample": name,
                    "items": [{**ash, "passed": passed}], "reported_on": self._today(),
                },
            )  # fmt: skip

    async def _certify(self, lot: Document) -> None:
        """Issue the certificate of a lot that passed and needs one."""
        number = str(lot["number"])
        waits = any(reason["code"] == "release.awaits_certificate" for reason in lot["blocking"])
        if waits and self._waits.over(f"certificate {number}", self._clock.now(), self._setting.certifies_s):
            sheet = await self._desk.lot(number)
            kind = "quality" if sheet is None else sheet["rule"]["certificate_kind"]
            covers = [{"lot": number, "mass_kg": lot["mass_kg"]}]
            self.certificates += await self._desk.attest(
                "certificate",
                {
                    "number": f"CERT-{number}", "certificate": kind, "issuer": "Customs", "covers": covers,
                    "valid_from": self._today(), "valid_until": self._today(days=365),
                },
            )  # fmt: skip

    def _today(self, days: int = 0) -> str:
        """Return the day in China, or one some days later."""
        now = dt.datetime.fromtimestamp(self._clock.now() / SECOND, CHINA)
        return (now + dt.timedelta(days=days)).date().isoformat()
