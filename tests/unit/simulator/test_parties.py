"""Traders, agencies, officers, pictures, logs and the ways over HTTP."""

import asyncio
import io
from random import Random

import httpx
import msgspec
import pytest
from PIL import Image
from tests.unit.simulator.field_kit import KEYS, START, OpenPort, run_for

from kouan.protocols.agency import codec
from kouan.protocols.agency.messages import CaseFile, VerdictOutcome
from kouan.protocols.signed import agency_key
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.http import Account, HttpImageStore, HttpOfficerDesk, HttpPapersOffice, Sessions
from kouan.simulator.judgement import judge
from kouan.simulator.logs import FileLog, read_log
from kouan.simulator.officers import what_to_do
from kouan.simulator.pictures import SIZE, container_picture, plate_picture
from kouan.simulator.scenario import load_scenario
from kouan.simulator.tempo import paced
from kouan.vocabulary.errors import Corrupt, InvalidValue, NotAllowed, Unavailable
from kouan.vocabulary.places import Direction

FACTS = {
    "border_inspection": {
        "papers": True, "document_valid": True, "document_expired": False, "driver_expected": True,
        "face_score_pm": 940, "liveness_pm": 970, "fingerprint_score_pm": 910, "occupants": 1, "announced_crew": 1,
    },
    "customs": {
        "papers": True, "load": "loaded", "consignments": 1, "seal": "CN1", "seal_condition": "intact",
        "declared_seals": "CN1", "mass_kg": 117_000, "declared_gross_kg": 84_000, "tare_kg": 33_000,
        "gamma_alarm": False, "neutron_alarm": False, "temperature_dc": 364, "symptoms": False,
    },
    "site": {"alone": True},
}  # fmt: skip


@pytest.mark.parametrize("authority", FACTS)
def test_an_authority_grants_where_nothing_speaks_against(authority):
    assert judge(authority, FACTS[authority]) == (VerdictOutcome.GRANT, ())


@pytest.mark.parametrize(
    ("authority", "change", "outcome", "code"),
    [
        ("border_inspection", {"document_expired": True}, "refuse", "driver.document_expired"),
        ("border_inspection", {"document_valid": False}, "refuse", "driver.document_invalid"),
        ("border_inspection", {"driver_expected": False}, "refer", "driver.another"),
        ("border_inspection", {"driver_expected": None}, "refer", "driver.not_announced"),
        ("border_inspection", {"face_score_pm": 310}, "refer", "driver.face"),
        ("border_inspection", {"fingerprint_score_pm": 100}, "refer", "driver.fingerprint"),
        ("border_inspection", {"occupants": 2}, "refer", "driver.occupants"),
        ("border_inspection", {"seen_elsewhere": "I4"}, "refer", "plates.seen_elsewhere"),
        ("customs", {"papers": False}, "refer", "papers.no_confirmation"),
        ("customs", {"consignments": 0}, "refer", "papers.no_manifest"),
        ("customs", {"seal": "CN2"}, "refer", "seal.differs"),
        ("customs", {"seal_condition": "tampered"}, "refer", "seal.tampered"),
        ("customs", {"seal_condition": "absent"}, "refer", "seal.absent"),
        ("customs", {"mass_kg": 125_000}, "refer", "weight.differs"),
        ("customs", {"gamma_alarm": True}, "refer", "radiation.gamma"),
        ("customs", {"neutron_alarm": True}, "refer", "radiation.neutron"),
        ("customs", {"temperature_dc": 381}, "refer", "health.fever"),
        ("customs", {"damage": "hole"}, "refer", "container.damaged"),
        ("customs", {"controlled": True}, "refer", "customs.controlled"),
        ("site", {"alone": False}, "refer", "positioning.not_alone"),
    ],
)
def test_an_authority_says_why_it_does_not_grant(authority, change, outcome, code):
    facts = {name: value for name, value in (FACTS[authority] | change).items() if value is not None}
    said, reasons = judge(authority, facts)
    assert said == outcome
    assert code in [reason.code for reason in reasons]


@pytest.mark.parametrize("authority", ["border_inspection", "customs"])
def test_absent_facts_are_no_consent(authority):
    assert judge(authority, {})[0] is not VerdictOutcome.GRANT


def test_an_agency_answers_each_case_file_with_a_verdict_that_its_own_key_signed():
    case = CaseFile(
        case="p-1", revision=3, port="ganqimaodu", lane="I1", direction=Direction.IN, authority="customs",
        opened_at=START, facts=FACTS["customs"], final=True,
    )  # fmt: skip
    port = _CasePort(codec.encode_case(case))
    seen = run_for(10, port=port)
    (payload,) = [payload for topic, payload, _ in seen.sent if topic.endswith("agency/customs/verdict")]
    keys = {agency_key(name, "ganqimaodu"): key.public_key() for name, key in KEYS.items()}
    verdict = codec.verify_verdict(keys, payload)
    assert (verdict.case, verdict.revision, verdict.outcome) == ("p-1", 3, "grant")
    assert verdict.expires_at > verdict.issued_at >= START


class _CasePort(OpenPort):
    def __init__(self, case):
        super().__init__()
        self._case = case

    def take(self, topic, payload):
        if topic.endswith("queue_counter/status") and self._case:
            self.wire.bring("kouan/ganqimaodu/agency/customs/case", self._case)
            self.wire.bring("kouan/ganqimaodu/agency/site/case", self._case)
            self.wire.bring("kouan/ganqimaodu/agency/customs/case", b"no case")
            self._case = None
        super().take(topic, payload)


def item(*codes, allowed=("release", "divert", "refuse", "correct"), **more):
    findings = [{"reason": {"code": code, "params": {"read": "1", "declared": "1234УБА"}}} for code in codes]
    return {"passage": "p", "opened_at": 0, "findings": findings, "allowed": list(allowed)} | more


def test_an_officer_corrects_a_plate_that_differs_by_look_alikes_only():
    decision = what_to_do(item("plates.near", "plates.unsure"))
    assert decision["action"] == "correct"
    assert decision["corrections"] == {"plate": "1234УБА"}


def test_an_officer_sends_what_is_wrong_to_the_inspection_yard():
    assert what_to_do(item("plates.near", "seal.differs"))["action"] == "divert"
    assert what_to_do(item("driver.document_expired", allowed=("refuse",)))["action"] == "refuse"


def test_an_officer_never_releases_and_leaves_what_he_may_not_decide():
    assert what_to_do(item("weight.differs", allowed=("release",))) is None


class _Desk:
    def __init__(self, items):
        self.items = items
        self.done = []

    async def reviews(self):
        return tuple(self.items)

    async def decide(self, passage, decision):
        self.done.append((passage, decision["action"]))
        return True

    async def confirm(self, passage, reason):
        self.done.append((passage, "confirm"))
        return True

    async def hold(self, order):
        self.done.append((order["plate"], "hold"))
        return True

    async def open_lane(self, lane, reason):
        self.done.append((lane, "open"))
        return True


def test_officers_take_only_what_has_waited_and_a_second_person_confirms():
    old, new = item("seal.differs", opened_at=START), item("seal.differs", opened_at=START + 3_600_000_000)
    first = item("seal.differs", opened_at=START, passage="q", first={"by": "a"})
    desk = _Desk([old | {"passage": "old"}, new | {"passage": "new"}, first])
    run_for(60, desk=desk)
    assert ("old", "divert") in desk.done
    assert ("q", "confirm") in desk.done
    assert "new" not in [passage for passage, _ in desk.done]


def test_a_control_order_is_placed_before_its_vehicle_stops():
    desk = _Desk([])
    scenario = msgspec.structs.replace(load_scenario("calm"), rates={Anomaly.CONTROL_ORDER_TARGET: 1.0})
    seen = run_for(30, scenario=scenario, desk=desk)
    stopped = {line["plate"] for line in seen.truth if line["event"] == "stopped"}
    assert stopped <= {plate for plate, done in desk.done if done == "hold"}


def test_an_officer_opens_a_lane_again_in_which_somebody_tailgated():
    desk = _Desk([])
    scenario = msgspec.structs.replace(load_scenario("calm"), rates={Anomaly.TAILGATER: 1.0})
    run_for(90, scenario=scenario, desk=desk)
    assert {lane for lane, done in desk.done if done == "open"} == {"I1", "I2", "O1"}


def test_late_papers_come_after_the_stop_and_missing_ones_never():
    for kind, late in ((Anomaly.LATE_MANIFEST, True), (Anomaly.MISSING_MANIFEST, False)):
        scenario = msgspec.structs.replace(load_scenario("calm"), rates={kind: 1.0})
        seen = run_for(60, scenario=scenario)
        inward = [line for line in seen.truth if line["event"] == "stopped" and line["load"] == "loaded"]
        manifests = [paper for name, paper in seen.papers if name == "manifest"]
        assert bool(manifests) is late
        assert inward


@pytest.mark.parametrize("night", [False, True])
def test_pictures_are_small_jpegs_with_the_reading_inside(night):
    for text in ("1234ӨМА", "蒙LA1234", "蒙L1234挂"):
        picture = plate_picture(text, yellow=True, front=True, night=night)
        assert_picture(picture)
    assert_picture(plate_picture("1234ӨМ", yellow=False, front=False, night=night))
    assert_picture(container_picture("CSQU3054383", "22G1", night=night))


def assert_picture(picture):
    image = Image.open(io.BytesIO(picture.jpeg))
    assert image.format == "JPEG"
    assert image.size == SIZE
    assert len(picture.jpeg) <= 60 * 1024
    x, y, width, height = picture.box
    assert 0 <= x < x + width <= SIZE[0]
    assert 0 <= y < y + height <= SIZE[1]


class _Store:
    def __init__(self):
        self.kept = {}

    async def put(self, sha256, jpeg):
        self.kept[sha256] = jpeg


def test_every_picture_that_an_event_names_is_in_the_store():
    store = _Store()
    seen = run_for(30, images=store)
    named = {read.image.sha256 for read in seen.messages("plate_camera") if read.image}
    assert named
    assert named <= set(store.kept)


def test_a_torn_last_line_is_cut_off_and_the_log_goes_on(tmp_path):
    path = tmp_path / "truth.jsonl"
    log = FileLog(path)
    log.append({"lane": "I1", "track": 4})
    log.close()
    with path.open("ab") as file:
        file.write(b'{"lane":"I1","tra')
    log = FileLog(path)
    assert log.last_tracks() == {"I1": 4}
    log.append({"lane": "I1", "track": 5})
    log.close()
    assert [line["track"] for line in read_log(path)] == [4, 5]


def test_a_log_with_a_broken_line_inside_is_said_to_be_corrupt(tmp_path):
    path = tmp_path / "truth.jsonl"
    path.write_bytes(b'{"lane":"I1"}\nnonsense\n{"lane":"I2"}\n')
    with pytest.raises(Corrupt):
        FileLog(path)


def test_papers_carry_their_number_as_idempotency_key_and_a_refusal_is_kept():
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(201 if len(asked) == 1 else 422, json={"title": "no"})

    async def main():
        async with _client(answer) as client:
            office = HttpPapersOffice(client, "token")
            return [await office.submit("manifest", {"number": "MF1"}) for _ in range(2)], office.refusals

    (first, second), refusals = asyncio.run(main())
    assert (first, second, len(refusals)) == (True, False, 1)
    assert asked[0].url.path == "/api/v1/papers/manifests"
    assert asked[0].headers["idempotency-key"] == "MF1"
    assert asked[0].headers["authorization"] == "Bearer token"


def test_the_status_of_a_declaration_comes_from_customs_own_system():
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(201)

    async def main():
        async with _client(answer) as client:
            return await HttpPapersOffice(client, "trader", "customs").submit(
                "status", {"number": "D1", "status": "cleared"}
            )

    assert asyncio.run(main()) is True
    assert asked[0].url.path == "/api/v1/papers/declarations/D1/status"
    assert asked[0].headers["authorization"] == "Bearer customs"
    assert msgspec.json.decode(asked[0].content) == {"status": "cleared"}


def test_a_port_that_is_away_or_busy_is_unavailable():
    async def main(status):
        async with _client(lambda request: httpx.Response(status)) as client:
            await HttpPapersOffice(client, "t").submit("manifest", {"number": "1"})

    for status in (429, 502, 503):
        with pytest.raises(Unavailable):
            asyncio.run(main(status))


def test_a_picture_that_the_store_refuses_is_told():
    async def main():
        async with _client(lambda request: httpx.Response(413)) as client:
            await HttpImageStore(client, "t").put("0" * 64, b"jpeg")

    with pytest.raises(NotAllowed):
        asyncio.run(main())


def test_a_connection_that_is_closed_as_it_opens_counts_as_unanswered():
    def closed(_):
        raise AttributeError("'NoneType' object has no attribute 'getpeername'")

    async def main():
        async with _client(closed) as client:
            await HttpImageStore(client, "t").put("0" * 64, b"jpeg")

    with pytest.raises(Unavailable):
        asyncio.run(main())


def test_the_desk_signs_in_decides_as_the_first_and_confirms_as_the_second(monkeypatch):
    asked = []

    def answer(request):
        asked.append((request.method, request.url.path, request.content, dict(request.headers)))
        if request.url.path.endswith("/reviews"):
            return httpx.Response(200, json={"items": [{"passage": "p-1", "authority": "customs"}]})
        return httpx.Response(200, json={})

    real = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", lambda **parts: real(**parts, transport=httpx.MockTransport(answer)))

    async def main():
        sessions = Sessions("http://port")
        desk = HttpOfficerDesk(sessions, {"customs": (Account("first", "a"), Account("second", "b"))})
        assert [one["passage"] for one in await desk.reviews()] == ["p-1"]
        assert await desk.decide("p-1", {"action": "divert", "reason": "r"})
        assert await desk.confirm("p-1", "agreed")
        assert await desk.hold({"plate": "1", "authority": "customs", "kind": "examine", "reason": "r"})
        await sessions.close()

    asyncio.run(main())
    assert [path for _, path, _, _ in asked] == [
        "/api/v1/session", "/api/v1/reviews", "/api/v1/reviews/p-1/decision", "/api/v1/session",
        "/api/v1/reviews/p-1/confirmation", "/api/v1/holds",
    ]  # fmt: skip
    assert b'"password":"a"' in asked[2][2]
    assert b'"password":"b"' in asked[4][2]
    assert all(headers["x-kouan-csrf"] for *_, headers in asked)


def _client(answer):
    return httpx.AsyncClient(base_url="http://port", transport=httpx.MockTransport(answer))


def test_speed_makes_a_span_shorter_and_must_be_above_zero():
    loop = VirtualLoop(START)

    async def main():
        await paced(asyncio.sleep, 4)(8)
        return VirtualClock(loop).monotonic()

    assert run(main(), loop) == 2_000_000
    with pytest.raises(InvalidValue):
        paced(asyncio.sleep, 0)


def test_random_is_given_to_the_field_and_never_the_modules_own():
    state = Random(9).getstate()
    import random

    random.setstate(state)
    run_for(20)
    assert random.getstate() == state
