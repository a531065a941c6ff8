"""The ledger as anybody may check it, papers handed in, and messages."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.integration.web.web_kit import WebPort, json_of

from kouan.ledger.entries import decode_entry
from kouan.ledger.heads import SignedHead, verify_head
from kouan.ledger.merkle import verify_consistency, verify_inclusion

API = "/api/v1"


async def test_an_entry_is_proven_against_a_signed_head_with_nothing_but_what_is_served(port: WebPort):
    await port.arrive()
    await port.sign_head()
    await port.arrive("I4")
    auditor = port.machine("auditor")
    head = SignedHead(**json_of(await auditor.get(f"{API}/ledger/heads"))["items"][0])
    key = json_of(await auditor.get(f"{API}/ledger/key"))
    verify_head(head, Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["key"])))
    page = json_of(await auditor.get(f"{API}/ledger/entries?limit=1000", headers={"kouan-purpose": "audit"}))
    assert len(page["items"]) == page["size"] - 1 > head.size  # the reading of them is the last entry
    for shown in page["items"][: head.size]:
        entry = decode_entry(base64.b64decode(shown["encoded"]))
        assert entry.hash == shown["hash"]
        proof = json_of(await auditor.get(f"{API}/ledger/proof/{entry.seq}?size={head.size}"))
        path = [bytes.fromhex(node) for node in proof["path"]]
        verify_inclusion(entry.leaf, entry.seq - 1, head.size, path, bytes.fromhex(head.root))


async def test_growth_is_proven_between_two_sizes(port: WebPort):
    await port.arrive()
    auditor = port.machine("auditor")
    size = await port.ledger.size()
    proof = json_of(await auditor.get(f"{API}/ledger/consistency?first=7&second={size}"))
    first, second = bytes.fromhex(proof["first_root"]), bytes.fromhex(proof["second_root"])
    verify_consistency(7, size, first, second, [bytes.fromhex(node) for node in proof["path"]])


@pytest.mark.parametrize("path", ["proof/0", "proof/99999", "proof/1?size=99999", "consistency?first=5&second=3"])
async def test_what_the_ledger_does_not_have_cannot_be_proven(port: WebPort, path: str):
    answer = await port.machine("auditor").get(f"{API}/ledger/{path}")
    assert answer.status_code in (404, 422)


async def test_the_entries_of_one_passage_are_read_by_its_stream(port: WebPort):
    passage = await port.arrive()
    page = json_of(await port.machine("auditor").get(f"{API}/ledger/entries?stream={passage}"))
    assert {entry["stream"] for entry in page["items"]} == {passage}
    assert page["items"][0]["kind"] == "gate.passage_opened/1"


# -- papers

CONFIRMATION = {
    "number": "V2025101000042",
    "batch": "B20251010001",
    "direction": "in",
    "sender": "TRADER-01",
    "carrier": "CARRIER-01",
    "plate": "1234УБА",
    "trailer": None,
    "driver": {"name": "Бат-Эрдэнэ", "document_number": "E1234567"},
    "crew_count": 1,
    "load": "empty",
    "cargo": "none",
    "containers": [],
    "seals": [],
    "tare_kg": 18_000,
    "transit_countries": ["MNG"],
    "health": {"symptoms": False},
    "consignments": [],
}


async def test_a_confirmation_is_taken_and_found_by_plate_batch_and_number(port: WebPort):
    carrier = port.machine("carrier")
    answer = await carrier.post(f"{API}/papers/confirmations", json=CONFIRMATION)
    assert answer.status_code == 201, answer.text
    assert json_of(answer) == {"number": "V2025101000042", "version": 1, "repeated": False}
    for path in ("papers?plate=1234 УБА", "papers?batch=B20251010001", "papers"):
        items = json_of(await carrier.get(f"{API}/{path}"))["items"]
        assert [item["number"] for item in items] == ["V2025101000042"], path
    paper = json_of(await carrier.get(f"{API}/papers/V2025101000042"))
    assert paper["plate"] == "1234УБА"
    assert "Бат" not in str(paper)


async def test_the_same_paper_twice_is_one_paper_with_and_without_a_key(port: WebPort):
    carrier, url = port.machine("carrier"), f"{API}/papers/confirmations"
    key = {"Idempotency-Key": "V2025101000042"}
    first = await carrier.post(url, json=CONFIRMATION, headers=key)
    again = await carrier.post(url, json=CONFIRMATION, headers=key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    without = await carrier.post(url, json=CONFIRMATION)
    assert json_of(without)["repeated"] is True
    other = await carrier.post(url, json=CONFIRMATION | {"crew_count": 2})
    assert other.status_code == 409
    assert json_of(other)["errors"][0]["rule"] == "papers.conflict"


async def test_everything_wrong_with_a_paper_is_told_at_once(port: WebPort):
    wrong = CONFIRMATION | {"plate": "???", "crew_count": 0, "colour": "red", "batch": ""}
    answer = await port.machine("carrier").post(f"{API}/papers/confirmations", json=wrong)
    assert answer.status_code == 422
    assert {error["field"] for error in json_of(answer)["errors"]} >= {"plate", "crew_count", "colour", "batch"}


async def test_papers_are_deleted_by_their_batch(port: WebPort):
    carrier = port.machine("carrier")
    await carrier.post(f"{API}/papers/confirmations", json=CONFIRMATION)
    assert (await carrier.delete(f"{API}/papers/batches/B20251010001")).status_code == 204
    assert json_of(await carrier.get(f"{API}/papers?plate=1234УБА"))["items"] == []
    assert (await carrier.delete(f"{API}/papers/batches/B20251010001")).status_code == 404


async def test_a_paper_says_what_its_vehicle_still_waits_for(port: WebPort):
    carrier = port.machine("carrier")
    line = {"number": "MF2025101000017", "hs_code": "2701121000", "goods": "coking coal", "gross_kg": 32_000}
    loaded = CONFIRMATION | {"load": "loaded", "cargo": "coking_coal", "consignments": [line]}
    taken = await carrier.post(f"{API}/papers/confirmations", json=loaded)
    assert taken.status_code == 201, taken.text
    missing = json_of(await carrier.get(f"{API}/papers?plate=1234УБА"))["items"][0]["missing"]
    mend, number = "hand in the manifest of MF2025101000017", "MF2025101000017"
    assert missing == [{"field": "manifest", "rule": "papers.no_manifest", "mend": mend, "number": number}]


async def test_a_person_is_forgotten_and_the_ledger_still_verifies(port: WebPort):
    carrier, admin = port.machine("carrier"), port.machine("admin")
    await carrier.post(f"{API}/papers/confirmations", json=CONFIRMATION)
    paper = json_of(await carrier.get(f"{API}/papers/V2025101000042"))
    commitment = paper["details"]["driver"]
    assert b"E1234567" in (await port.ledger.open_personal(commitment) or b"")
    person = {"document_number": "E1234567", "issuer": "MNG"}
    assert (await admin.post(f"{API}/persons/forgetting", json=person)).status_code == 204
    assert await port.ledger.open_personal(commitment) is None
    assert (await admin.post(f"{API}/persons/forgetting", json=person)).status_code == 404
    size = await port.ledger.size()
    proof = json_of(await port.machine("auditor").get(f"{API}/ledger/consistency?first=3&second={size}"))
    hashes = [bytes.fromhex(proof[name]) for name in ("first_root", "second_root")]
    verify_consistency(3, size, *hashes, [bytes.fromhex(node) for node in proof["path"]])


# -- messages


async def test_messages_come_with_a_tag_and_need_not_be_sent_twice(port: WebPort):
    client = port.client()
    first = await client.get(f"{API}/messages/zh")
    assert first.status_code == 200
    again = await client.get(f"{API}/messages/zh", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert (await client.get(f"{API}/messages/xx")).status_code == 404
