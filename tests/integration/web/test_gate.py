"""Lanes, passages, the review queue and holds, as people see and steer them over HTTP."""

from tests.integration.web.web_kit import PASSWORD, WebPort, json_of, until

from kouan.gate.procedures import Authority

API = "/api/v1"
DIFFERS = {"number": "CN7654321"}
"""A seal that is not the declared one: customs' finding."""


async def test_a_lorry_in_order_is_shown_with_its_signed_order(port: WebPort):
    passage = await port.arrive()
    client = await port.person("auditor")
    view = json_of(await client.get(f"{API}/passages/{passage}"))
    assert view["state"] == "ordered"
    assert view["decision"]["outcome"] == "RELEASE"
    assert view["order"]["jws"].count(".") == 2
    assert [procedure["state"] for procedure in view["procedures"]] == ["done"] * 10
    assert view["entries"] == list(await port.records.entries_of(passage))
    lane = json_of(await client.get(f"{API}/lanes/I3"))
    assert lane["passage"]["id"] == passage


async def test_a_finding_puts_a_lorry_into_the_queue_of_whose_it_is(port: WebPort):
    passage = await port.arrive(seal=DIFFERS)
    customs, border = await port.person("inspector"), await port.person("border")
    mine = json_of(await customs.get(f"{API}/reviews"))["items"]
    theirs = json_of(await border.get(f"{API}/reviews"))["items"]
    assert [item["passage"] for item in mine] == [item["passage"] for item in theirs] == [passage]
    assert mine[0]["authority"] == "customs"
    assert "release" not in theirs[0]["allowed"]
    assert mine[0]["allowed"] != theirs[0]["allowed"]


async def test_who_may_not_decide_sees_the_queue_without_actions(port: WebPort):
    await port.arrive(seal=DIFFERS)
    auditor = await port.person("auditor")
    assert [item["allowed"] for item in json_of(await auditor.get(f"{API}/reviews"))["items"]] == [[]]


async def test_a_diversion_is_in_the_ledger_when_it_is_answered(port: WebPort):
    passage = await port.arrive(seal=DIFFERS)
    customs = await port.person("inspector")
    body = {"action": "divert", "reason": "look into the container"}
    answer = await customs.post(f"{API}/reviews/{passage}/decision", json=body)
    assert answer.status_code == 200, answer.text
    kinds = [entry.kind for entry in await port.ledger.read(stream=passage)]
    assert kinds[-3:] == ["gate.review_decided/1", "gate.decision/1", "gate.order/1"]
    assert json_of(await customs.get(f"{API}/reviews"))["items"] == []
    assert port.state() == "ordered"


async def test_a_decision_under_one_key_is_taken_once(port: WebPort):
    passage = await port.arrive(seal=DIFFERS)
    customs = await port.person("inspector")
    body = {"action": "divert", "reason": "look into the container"}
    key = {"Idempotency-Key": "first"}
    first = await customs.post(f"{API}/reviews/{passage}/decision", json=body, headers=key)
    size = await port.ledger.size()
    again = await customs.post(f"{API}/reviews/{passage}/decision", json=body, headers=key)
    assert first.status_code == again.status_code == 200
    assert again.headers["idempotent-replayed"] == "true"
    assert await port.ledger.size() == size
    other = await customs.post(f"{API}/reviews/{passage}/decision", json=body | {"reason": "no"}, headers=key)
    assert other.status_code == 409


async def test_a_release_needs_the_password_again_once_it_is_old(port: WebPort):
    passage = await port.arrive(seal=DIFFERS)
    customs = await port.person("inspector")
    port.clock.advance(301)
    body = {"action": "release", "reason": "the seal was changed under supervision"}
    url = f"{API}/reviews/{passage}/decision"
    refused = await customs.post(url, json=body)
    assert refused.status_code == 403
    assert json_of(refused)["errors"][0]["rule"] == "access.step_up"
    wrong = await customs.post(url, json=body | {"password": "wrong"})
    assert wrong.status_code == 403
    assert json_of(wrong)["errors"][0]["field"] == "password"
    right = await customs.post(url, json=body | {"password": PASSWORD})
    assert right.status_code == 200, right.text


async def test_a_second_person_confirms_and_never_the_first_one_again(port: WebPort):
    passage = await port.arrive(seal=DIFFERS)
    first, second, border = [await port.person(name) for name in ("inspector", "second", "border")]
    body = {"action": "release", "reason": "the seal was changed under supervision"}
    assert (await first.post(f"{API}/reviews/{passage}/decision", json=body)).status_code == 200
    item = json_of(await second.get(f"{API}/reviews"))["items"][0]
    assert item["first"]["by"] == "inspector"
    url = f"{API}/reviews/{passage}/confirmation"
    same = await first.post(url, json={"reason": "again me"})
    assert same.status_code == 409
    assert json_of(same)["errors"] == [
        {"field": "", "rule": "review.same_person", "mend": "Another person must confirm"}
    ]
    other = await border.post(url, json={"reason": "not mine"})
    assert json_of(other)["errors"][0]["rule"] == "review.another_authority"
    assert (await second.post(url, json={"reason": "seen as well"})).status_code == 200
    assert port.state() == "ordered"
    view = json_of(await second.get(f"{API}/passages/{passage}"))
    assert view["decision"]["outcome"] == "RELEASE"


async def test_nobody_lifts_the_finding_of_another_authority(port: WebPort):
    passage = await port.arrive(seal=DIFFERS)
    border = await port.person("border")
    body = {"action": "release", "reason": "looks fine to me", "password": PASSWORD}
    refused = await border.post(f"{API}/reviews/{passage}/decision", json=body)
    assert refused.status_code == 409
    assert json_of(refused)["errors"][0]["rule"] == "review.not_yours"


async def test_a_passage_that_nobody_knows_is_not_found_and_one_that_ended_is_refused(port: WebPort):
    customs = await port.person("inspector")
    body = {"action": "refuse", "reason": "not their seal"}
    assert (await customs.post(f"{API}/reviews/nothing/decision", json=body)).status_code == 404
    passage = await port.arrive(seal=DIFFERS)
    assert (await customs.post(f"{API}/reviews/{passage}/decision", json=body)).status_code == 200
    late = await customs.post(f"{API}/reviews/{passage}/decision", json=body)
    assert late.status_code == 409
    assert json_of(late)["errors"][0]["rule"] == "review.closed"


async def test_a_hold_voids_an_order_that_is_out_and_the_lane_hears_of_it_before_the_answer(port: WebPort):
    passage = await port.arrive()
    assert port.state() == "ordered"
    heard = port.broker.device_link("listener", subscriptions=("kouan/ganqimaodu/I3/order/hold",))
    customs = await port.person("inspector")
    hold = {"plate": "1234 УБА", "kind": "detain", "reason": "word from the mountains"}
    assert (await customs.post(f"{API}/holds", json=hold)).status_code == 201
    async for received in heard.receive():
        assert received.topic == "kouan/ganqimaodu/I3/order/hold"
        break
    await until(lambda: port.driver.lanes["I3"].recorded.void == "hold")
    kinds = [entry.kind for entry in await port.ledger.read(stream=passage)]
    assert kinds[-1] == "gate.hold_seen/1"


async def test_a_vehicle_that_enters_while_a_hold_is_recorded_meets_it_as_well(port: WebPort, monkeypatch):
    customs = await port.person("inspector")
    append, entered = port.ledger.append, []

    async def slow(unit):
        if any(draft.kind == "papers.order_placed/1" for draft in unit.drafts) and not entered:
            entered.append(await port.arrive(seal=DIFFERS))
        return await append(unit)

    monkeypatch.setattr(port.ledger, "append", slow)
    hold = {"plate": "1234 УБА", "kind": "detain", "reason": "word from the mountains"}
    assert (await customs.post(f"{API}/holds", json=hold)).status_code == 201
    await until(lambda: "hold.detain" in _codes(port))
    assert (await port.records.lane_epochs())["I3"] == 1
    assert "gate.epoch_raised/1" in [entry.kind for entry in await port.ledger.read(stream="I3")]


async def test_a_hold_reaches_the_vehicle_at_the_stop_line_before_it_is_answered(port: WebPort):
    passage = await port.arrive(seal=DIFFERS)
    customs = await port.person("inspector")
    before = port.driver.epochs.get("I3", 0)
    hold = {"plate": "1234 УБА", "kind": "detain", "reason": "word from the mountains"}
    answer = await customs.post(f"{API}/holds", json=hold)
    assert answer.status_code == 201, answer.text
    number = json_of(answer)["number"]
    assert port.driver.epochs["I3"] == before + 1
    assert await port.records.lane_epochs() == {"I3": before + 1}
    item = json_of(await customs.get(f"{API}/reviews"))["items"][0]
    assert item["passage"] == passage
    await until(lambda: "hold.detain" in _codes(port))
    assert [held["number"] for held in json_of(await customs.get(f"{API}/holds"))["items"]] == [number]
    orders = await port.papers.orders_naming(["1234УБА"], port.clock.now())
    assert [order.number for order in orders] == [number]


def _codes(port: WebPort) -> list[str]:
    return [found["reason"]["code"] for found in port.board.reviews(Authority.CUSTOMS)[0]["findings"]]


async def test_a_hold_under_one_key_is_one_hold(port: WebPort):
    customs = await port.person("inspector")
    hold = {"container": "CSQU3054383", "kind": "scan", "reason": "profile"}
    key = {"Idempotency-Key": "h-1"}
    numbers = {json_of(await customs.post(f"{API}/holds", json=hold, headers=key))["number"] for _ in range(2)}
    assert len(numbers) == 1
    assert len(await port.papers.orders_in_force(port.clock.now())) == 1


async def test_only_the_authority_that_placed_a_hold_lifts_it(port: WebPort):
    customs, border = await port.person("inspector"), await port.person("border")
    hold = {"plate": "1234 УБА", "kind": "detain", "reason": "word from the mountains"}
    number = json_of(await customs.post(f"{API}/holds", json=hold))["number"]
    refused = await border.delete(f"{API}/holds/{number}?reason=fine")
    assert refused.status_code == 409
    assert (await customs.delete(f"{API}/holds/{number}?reason=settled")).status_code == 204
    again = await customs.delete(f"{API}/holds/{number}?reason=settled")
    assert again.status_code == 409
    assert (await customs.delete(f"{API}/holds/H-none?reason=x")).status_code == 404
    assert await port.papers.orders_in_force(port.clock.now()) == []
    assert await port.papers.orders_naming(["1234УБА"], port.clock.now()) == []


async def test_a_hold_names_one_thing_and_a_plate_that_is_one(port: WebPort):
    customs = await port.person("inspector")
    neither = await customs.post(f"{API}/holds", json={"kind": "detain", "reason": "x"})
    assert neither.status_code == 422
    nonsense = await customs.post(f"{API}/holds", json={"kind": "detain", "reason": "x", "container": "CSQU3054384"})
    assert nonsense.status_code == 422
    assert json_of(nonsense)["errors"][0]["rule"].startswith("container.")


async def test_a_tidal_lane_turns_at_once_when_empty(port: WebPort):
    operator = await port.person("operator")
    body = {"direction": "out", "reason": "the surge of the afternoon"}
    assert (await operator.post(f"{API}/lanes/I12/direction", json=body)).status_code == 200
    assert json_of(await operator.get(f"{API}/lanes/I12"))["direction"] == "out"
    kinds = [entry.kind for entry in await port.ledger.read(stream="I12")]
    assert kinds == ["gate.lane_changed/1"]


async def test_a_tidal_lane_with_a_vehicle_in_it_drains_first(port: WebPort):
    await port.arrive("I12", seal=DIFFERS)
    operator = await port.person("operator")
    body = {"direction": "out", "reason": "the surge of the afternoon"}
    assert (await operator.post(f"{API}/lanes/I12/direction", json=body)).status_code == 200
    lane = json_of(await operator.get(f"{API}/lanes/I12"))
    assert (lane["direction"], lane["mode"]) == ("in", "draining")
    inspector = await port.person("inspector")
    passage = lane["passage"]["id"]
    turned_back = {"action": "refuse", "reason": "the seal is not theirs"}
    assert (await inspector.post(f"{API}/reviews/{passage}/decision", json=turned_back)).status_code == 200
    await until(lambda: port.driver.lanes["I12"].lane.direction.value == "out")


async def test_a_lane_that_is_not_tidal_is_not_turned(port: WebPort):
    operator = await port.person("operator")
    refused = await operator.post(f"{API}/lanes/I1/direction", json={"direction": "out", "reason": "x"})
    assert refused.status_code == 409
    assert json_of(refused)["errors"][0]["rule"] == "lane.not_tidal"


async def test_a_closed_lane_opens_again_and_its_controller_gets_a_signed_reset(port: WebPort):
    operator = await port.person("operator")
    assert (await operator.post(f"{API}/lanes/I4/closing", json={"reason": "oil spilt"})).status_code == 200
    assert json_of(await operator.get(f"{API}/lanes/I4"))["mode"] == "closed"
    heard = port.broker.device_link("listener", subscriptions=("kouan/ganqimaodu/I4/order/reset",))
    assert (await operator.post(f"{API}/lanes/I4/opening", json={"reason": "swept"})).status_code == 200
    assert json_of(await operator.get(f"{API}/lanes/I4"))["mode"] == "open"
    async for received in heard.receive():
        assert received.topic == "kouan/ganqimaodu/I4/order/reset"
        break


async def test_what_would_have_changed_a_decision_is_computed_from_the_ledger(port: WebPort):
    passage = await port.arrive(weight={"mass_kg": 62_000})
    customs = await port.person("inspector")
    told = json_of(await customs.get(f"{API}/passages/{passage}/what-if"))
    assert told["outcome"] != "RELEASE"
    assert [item["field"] for item in told["items"]] == ["weight.mass_kg"]
    asked = json_of(await customs.get(f"{API}/passages/{passage}/what-if?change=weight%3D50120"))
    assert asked["would_be"] == "RELEASE"
    assert (await customs.get(f"{API}/passages/{passage}/what-if?change=weight")).status_code == 422


async def test_the_list_of_passages_goes_back_in_time_and_by_state(port: WebPort):
    first = await port.arrive("I1")
    port.clock.advance(10)
    second = await port.arrive("I2", seal=DIFFERS)
    client = await port.person("auditor")
    everything = json_of(await client.get(f"{API}/passages"))["items"]
    assert [item["id"] for item in everything] == [second, first]
    earlier = json_of(await client.get(f"{API}/passages?before={everything[0]['opened_at']}"))["items"]
    assert [item["id"] for item in earlier] == [first]
    reviewed = json_of(await client.get(f"{API}/passages?state=in_review"))["items"]
    assert [item["id"] for item in reviewed] == [second]
    assert (await client.get(f"{API}/passages?state=nonsense")).status_code == 422
