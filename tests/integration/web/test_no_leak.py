"""No answer of any route holds a protected field for a caller who may not read it: every route, caller and purpose.

Each protected field of a port in which something stands in all contexts is marked with words that stand nowhere else;
who may find which is written here apart from the policy.
"""

import hashlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.integration.web.streaming import Stream
from tests.integration.web.test_examination import API, at_bay, hold
from tests.integration.web.test_ledger_and_papers import CONFIRMATION
from tests.integration.web.test_targeting import BUDGET, judge
from tests.integration.web.test_yard import YardPort
from tests.integration.web.web_kit import PEOPLE, WebPort, json_of, web_port
from tests.unit.inspection.release.release_kit import lot

from kouan.inspection.release.use_cases import Told
from kouan.web.callers import GuardedRoute
from kouan.web.routes import guarded_routes
from kouan.web.services import Limits, Rate

SENDER = "SENDER-OF-THE-GOODS"
CONSIGNEE = "91150826MA0SECRET7"
WHY = "a word from the mountains"
FOUND = "behind the seat"
WATCHED = "91310000MA1FIRM00X"
PURPOSES = (None, "control", "examination", "release", "targeting", "complaint", "audit")

MARKS: dict[str, tuple[str, ...]] = {
    "driver": ('"face_score_pm":9', '"liveness_pm":9'),
    "health": ('"temperature_dc":3',),
    "papers": ('"convoy_expected":1',),
    "customs": (WHY,),
    "document": (SENDER,),
    "firm": ('"importer":"importer"', CONSIGNEE),
    "watch_list": (WATCHED,),
    "findings": (FOUND,),
    "aboard": ('"occupants":1,', '"aboard":{'),
}
"""Words of the protected fields; the driver's record, too, says how many are in the cab."""


def may_find(caller: str, purpose: str | None, field: str) -> bool:
    """Say who may find a field somewhere among the answers, each on shift; all matters go on but the recorded ones."""
    if caller == "auditor":
        return purpose == "audit"
    own = {
        "customs": caller in ("inspector", "second", "duty"),
        "findings": caller == "border",
        "document": caller == "carrier",
    }
    if own.get(field):  # an authority has its own reasons, and what it found; a firm its own papers
        return True
    border = {"control": {"driver", "aboard"}, "examination": {"driver", "aboard", "findings"}}
    customs = {
        "control": {"health", "papers", "document"},
        "examination": {"health", "papers", "document"},
        "release": {"document", "firm"},
        "targeting": {"firm", "watch_list"},
    }
    complaint = {"health", "papers", "customs", "document", "firm"} if caller == "duty" else set()
    # customs takes part in the examination, but not in the step at which something was found of persons
    needs = {"border": border}.get(caller, customs if caller in ("inspector", "second", "duty") else {})
    return field in (complaint if purpose == "complaint" else needs.get(purpose or "", set()))


class Filled:
    """A port in which something protected stands in every context, and what its routes are asked about."""

    def __init__(self, port: WebPort) -> None:
        self.port = port
        self.about: dict[str, list[str]] = {}

    async def fill(self) -> None:
        """Let everything happen once."""
        port = self.port
        passage = await port.arrive(seal={"number": "CN7654321"})
        await (await port.person("duty")).post(f"{API}/targeting/budgets", json=BUDGET)
        judged = await judge(port, "W1")
        (candidate,) = await port.targeting.records.selected(1)
        watch = {"field": "importer", "value": WATCHED, "kind": "examine", "reason": WHY}
        made = await port.machine("inspector").post(f"{API}/targeting/watch-list", json=watch)
        assert made.status_code == 201, made.text
        taken = await port.machine("carrier").post(
            f"{API}/papers/confirmations", json=CONFIRMATION | {"sender": SENDER}
        )
        assert taken.status_code == 201, taken.text
        goods = msgspec.structs.replace(lot(), consignee=CONSIGNEE)
        assert isinstance(await port.releasing.open(goods, port.clock.now()), Told)
        await hold(port, "inspector", reason=WHY)
        await hold(port, "border", kind="examine")
        examination = await at_bay(port)
        sheet = json_of(await port.machine("border").get(f"{API}/examinations/{examination}"))
        persons = next(step["number"] for step in sheet["steps"] if step["kind"] == "persons")
        report = {"outcome": "adverse", "found": [{"code": "stowaway", "text": FOUND}]}
        said = await port.machine("border").post(
            f"{API}/examinations/{examination}/steps/{persons}/reports", json=report
        )
        assert said.status_code == 200, said.text
        await YardPort(port).start()
        assert judged == candidate.number
        self.about = {
            "passage": [passage],
            "lane": ["I3"],
            "number": [CONFIRMATION["number"], lot().number, examination, candidate.number],
            "visit": ["yard-p1"],
            "lot": [lot().number],
            "kind": ["certificate"],
            "sha256": [hashlib.sha256(b"").hexdigest()],
            "language": ["en"],
        }

    def paths(self, route: GuardedRoute) -> list[str]:
        """Return the addresses of a route about everything that there is."""
        names = [name for name in self.about if "{" + name + "}" in route.path]
        found = []
        for values in itertools.product(*(self.about[name] for name in names)):
            path = route.path
            for name, value in zip(names, values, strict=True):
                path = path.replace("{" + name + "}", value)
            found.append(path if route.name == "get_health" else f"/api/v1{path}")
        return [path for path in found if "{" not in path]

    def asked(self) -> list[str]:
        """Return every address that is only read, each list as long as it gets."""
        routes = [route for route in guarded_routes(self.port.app) if "GET" in route.methods and route.name != "watch"]
        found = [path for route in routes for path in self.paths(route)]
        return [f"{path}?limit=1000" if path.endswith("/entries") else path for path in found]

    async def answers(self, caller: str, purpose: str | None) -> dict[str, str]:
        """Return what somebody on shift is answered at every address."""
        client = await (self.port.person(caller) if purpose is None else self.port.reader(caller, purpose))
        found = {path: (await client.get(path)).text for path in self.asked()}
        stream = Stream(self.port.app, f"{API}/events", {"authorization": f"Bearer {self.port.tokens[caller]}"})
        await stream.until(lambda: stream.ended or "review" in stream.names())
        found["/api/v1/events"] = str(stream.events).replace("'", '"').replace(": ", ":")
        await stream.close()
        return found


@pytest.fixture
async def filled() -> AsyncIterator[Filled]:
    """A port in which something protected stands in every context, and that may be asked as often as one likes."""
    often = Rate(per_s=1e6, burst=1e6)
    async with web_port(limits=Limits(address=often, person=often, machine=often)) as port:
        found = Filled(port)
        await found.fill()
        yield found


@pytest.mark.parametrize("caller", sorted(PEOPLE.keys() - {"second"}))
async def test_nobody_is_answered_a_protected_field_that_they_may_not_read(filled: Filled, caller: str) -> None:
    leaked, lacking = [], []
    for purpose in PURPOSES:
        answers = await filled.answers(caller, purpose)
        assert len(answers) > 50
        for field, marks in MARKS.items():
            where = [path for path, text in answers.items() if any(mark in text for mark in marks)]
            if where and not may_find(caller, purpose, field):
                leaked.append((purpose, field, where))
            if not where and may_find(caller, purpose, field):
                lacking.append((purpose, field))
    assert leaked == []
    assert lacking == []


async def test_what_is_read_in_all_these_answers_is_recorded_without_a_word_of_it(filled: Filled) -> None:
    await filled.answers("border", "control")
    await filled.answers("auditor", "audit")  # who finds in the ledger, too, what somebody else has read
    entries = [one for one in await filled.port.ledger.read(limit=10_000) if one.kind == "access.read/1"]
    assert len(entries) >= 10
    text = b"".join(bytes(one.body) for one in entries).decode()
    told: Any = {mark for marks in MARKS.values() for mark in marks if mark in text}
    assert told == set()
    kinds = {part.partition(":")[0] for part in text.split('"about":"')[1:]}
    assert kinds == {"passage", "paper", "lot", "candidate", "watch", "hold", "examination", "visit", "reads"}
