"""Pictures are looked at for a purpose, as part of the matter that names them, and each look is recorded before it."""

import hashlib
import itertools
from typing import Any

import msgspec
import pytest
from tests.integration.web.test_examination import API, JPEG, at_bay, hold
from tests.integration.web.web_kit import PEOPLE, WebPort, json_of

from kouan.vocabulary.errors import Unavailable

SHA = hashlib.sha256(JPEG).hexdigest()
PURPOSES = ("control", "examination", "release", "targeting", "complaint", "audit")


async def brought(port: WebPort) -> None:
    headers = {"content-type": "image/jpeg"}
    assert (await port.machine("camera").put(f"{API}/images/{SHA}", content=JPEG, headers=headers)).status_code == 204


async def in_lane(port: WebPort, procedure: str = "plates") -> str:
    """Return the passage of a vehicle that a lane's camera took a picture of."""
    await brought(port)
    changes: dict[str, Any] = {procedure: {"images": ({"sha256": SHA, "box": None},)}}
    return await port.arrive(**changes)


async def looked(client: Any, about: str, sha256: str = SHA) -> Any:
    return await client.get(f"{API}/images/{sha256}", params={"about": about})


async def looks(port: WebPort) -> list[tuple[str, str, list[Any]]]:
    entries = [json_of_body(one) for one in await port.ledger.read(limit=10_000) if one.kind == "access.read/1"]
    return [(one["by"], one["purpose"], one["read"]) for one in entries]


def json_of_body(entry: Any) -> Any:

    return msgspec.json.decode(entry.body)


async def test_a_picture_is_shown_for_a_purpose_on_shift_and_each_look_is_recorded(port: WebPort) -> None:
    passage = await in_lane(port)
    about = f"passage:{passage}"
    for name in ("operator", "inspector", "border", "auditor", "admin"):
        answer = await looked(port.machine(name), about)
        assert (answer.status_code, json_of(answer)["errors"][0]["rule"]) == (403, "need.picture_withheld")
    off_shift = await port.person("operator")
    off_shift.headers["kouan-purpose"] = "control"
    assert (await looked(off_shift, about)).status_code == 403
    assert await looks(port) == []
    answer = await looked(await port.reader("operator", "control"), about)
    assert (answer.status_code, answer.content) == (200, JPEG)
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/jpeg", "no-store")
    assert await looks(port) == [("operator", "control", [{"about": about, "fields": ["picture"]}])]


@pytest.mark.parametrize("name", sorted(PEOPLE.keys() - {"second"}))
async def test_who_looks_at_a_vehicles_picture_is_who_the_text_says(port: WebPort, name: str) -> None:
    about = f"passage:{await in_lane(port)}"
    lane = {("control", who) for who in ("operator", "inspector", "border", "duty")}
    wanted = lane | {("examination", who) for _, who in lane} | {("complaint", "duty"), ("audit", "auditor")}
    found = set()
    for purpose in PURPOSES:
        if (await looked(await port.reader(name, purpose), about)).status_code == 200:
            found.add((purpose, name))
    assert found == {each for each in wanted if each[1] == name}
    assert len(await looks(port)) == len(found)


async def test_what_cannot_be_recorded_is_not_shown(port: WebPort, monkeypatch: pytest.MonkeyPatch) -> None:
    passage = await in_lane(port)
    operator = await port.reader("operator", "control")

    async def refuse(_: object) -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(port.ledger, "append", refuse)
    answer = await looked(operator, f"passage:{passage}")
    assert (answer.status_code, JPEG in answer.content) == (503, False)


async def test_a_picture_is_no_part_of_a_matter_that_does_not_name_it(port: WebPort) -> None:
    passage, other = await in_lane(port), await port.arrive("I4")
    operator = await port.reader("operator", "control")
    assert (await looked(operator, f"passage:{other}")).status_code == 404
    assert (await looked(operator, "passage:nowhere")).status_code == 404
    assert (await looked(operator, f"passage:{passage}", "0" * 64)).status_code == 404
    assert (await looked(operator, "lot:1")).status_code == 422
    assert (await operator.get(f"{API}/images/{SHA}")).status_code == 422
    assert await looks(port) == []


async def test_a_picture_in_a_protected_record_takes_both(port: WebPort) -> None:
    about = f"passage:{await in_lane(port, 'driver')}"
    shown = {
        name: (await looked(await port.reader(name, purpose), about)).status_code
        for name, purpose in (
            ("operator", "control"),
            ("inspector", "control"),
            ("border", "control"),
            ("auditor", "audit"),
        )
    }
    assert shown == {"operator": 403, "inspector": 403, "border": 200, "auditor": 200}
    assert [read[0]["fields"] for _, _, read in await looks(port)] == [["driver", "picture"]] * 2


async def photographed(port: WebPort, step: str, name: str, border: str = "examine") -> str:
    """Return an examination in whose step of a kind an officer took a picture."""
    await brought(port)
    await hold(port, "inspector")
    await hold(port, "border", kind=border)
    number = await at_bay(port)
    sheet = json_of(await port.machine(name).get(f"{API}/examinations/{number}"))
    found = next(each["number"] for each in sheet["steps"] if each["kind"] == step)
    report = {"outcome": "clear", "pictures": [SHA]}
    said = await port.machine(name).post(f"{API}/examinations/{number}/steps/{found}/reports", json=report)
    assert said.status_code == 200, said.text
    return number


async def test_a_photograph_of_an_examination_is_for_who_takes_part_in_its_step(port: WebPort) -> None:
    number = await photographed(port, "persons", "border")
    found = {}
    for name, purpose in itertools.product(("border", "inspector", "operator", "auditor"), PURPOSES):
        answer = await looked(await port.reader(name, purpose), f"examination:{number}")
        if answer.status_code == 200:
            found[name, purpose] = answer.content
    assert found == {
        ("border", "control"): JPEG, ("border", "examination"): JPEG, ("auditor", "audit"): JPEG,
    }  # fmt: skip
    fields = {by: read[0]["fields"] for by, _, read in await looks(port) if read[0]["about"].startswith("examination")}
    assert fields == {"border": ["picture"], "auditor": ["findings", "picture"]}


async def test_a_photograph_is_looked_at_by_another_agency_of_the_same_step_to_examine(port: WebPort) -> None:
    about = f"examination:{await photographed(port, 'scan', 'inspector', border='scan')}"
    answers = [
        (await looked(await port.reader("border", purpose), about)).status_code
        for purpose in ("control", "examination")
    ]
    assert answers == [403, 200]
    assert [read[0]["fields"] for _, _, read in await looks(port)] == [["findings", "picture"]]
