"""Sizes, rates, hostile input, headers: what holds for every request."""

import hashlib

import pytest
from tests.integration.web.web_kit import PASSWORD, WebPort, json_of, web_port

from kouan.web.services import Limits, Rate

JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)


async def test_a_body_that_is_too_large_is_refused_by_its_length(port: WebPort):
    carrier = port.machine("carrier")
    answer = await carrier.post("/api/v1/papers/manifests", json={"goods": "x" * 70_000})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_hides_its_length_is_refused_while_it_streams(port: WebPort):
    carrier, sent = port.machine("carrier"), 0

    async def endless():
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 4096

    headers = {"content-type": "application/json"}
    answer = await carrier.post("/api/v1/papers/manifests", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert sent <= 18


async def test_one_address_asks_no_more_often_than_it_may():
    async with web_port(limits=Limits(address=Rate(per_s=1, burst=5))) as port:
        client = port.client()
        answers = [(await client.get("/api/v1/messages/en")).status_code for _ in range(7)]
        assert answers == [200] * 5 + [429] * 2
        port.clock.advance(2)
        answers = [(await client.get("/api/v1/messages/en")).status_code for _ in range(3)]
        assert answers == [200, 200, 429]


async def test_one_person_asks_no_more_often_than_they_may():
    async with web_port(limits=Limits(person=Rate(per_s=1, burst=3))) as port:
        first, other = await port.person("auditor"), await port.person("inspector")
        answers = [await first.get("/api/v1/overview") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["retry-after"] == "1"
        assert (await other.get("/api/v1/overview")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"username": "\\ud800", "password": "x"}', b"[" * 30_000],
)
async def test_a_body_that_is_no_request_is_a_problem_and_never_a_failure(port: WebPort, body: bytes):
    client = port.client(**{"x-kouan-csrf": "1", "content-type": "application/json"})
    answer = await client.post("/api/v1/session", content=body)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["a\u0000b", "a\nb", "x" * 501, "", "   "])
async def test_a_reason_with_control_characters_or_without_words_is_refused(port: WebPort, text: str):
    operator = await port.person("operator")
    answer = await operator.post("/api/v1/lanes/I1/closing", json={"reason": text})
    assert (answer.status_code == 422) == (text != "a\nb")


async def test_a_problem_names_field_rule_and_mend(port: WebPort):
    operator = await port.person("operator")
    answer = await operator.post("/api/v1/lanes/I1/direction", json={"direction": "up", "reason": "x", "more": 1})
    assert answer.status_code == 422
    errors = {error["field"]: error["rule"] for error in json_of(answer)["errors"]}
    assert errors == {"direction": "request.enum", "more": "request.extra_forbidden"}


async def test_an_error_that_nobody_foresaw_says_nothing_of_itself(port: WebPort, monkeypatch):
    def fail() -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(port.board, "overview", fail)
    answer = await port.machine("auditor").get("/api/v1/overview")
    assert answer.status_code == 500
    assert "swordfish" not in answer.text
    assert json_of(answer)["title"] == "The port failed"


async def test_a_ledger_that_cannot_be_reached_is_a_503(port: WebPort, monkeypatch):
    from kouan.vocabulary.errors import Unavailable

    async def gone() -> int:
        raise Unavailable("connection refused on 10.0.0.7")

    assert (await port.client().get("/healthz")).status_code == 200
    monkeypatch.setattr(port.ledger, "size", gone)
    answer = await port.client().get("/healthz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "10.0.0.7" not in answer.text


@pytest.mark.parametrize("path", ["/", "/api/v1/overview", "/api/v1/nothing", "/healthz", "/api/v1/messages/en"])
async def test_every_answer_carries_the_security_headers(port: WebPort, path: str):
    answer = await port.client().get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


async def test_a_method_that_a_path_lacks_is_answered_with_those_that_it_has(port: WebPort):
    answer = await port.client().request("PATCH", "/api/v1/session")
    assert answer.status_code == 405
    assert answer.headers.get_list("allow") == ["DELETE, GET, POST"]
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_address_that_only_takes_something_in_is_not_a_page(port: WebPort):
    answer = await port.machine("admin").get("/api/v1/persons/forgetting")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_over_https_the_cookie_stays_on_https(port: WebPort):
    client = port.client(**{"x-kouan-csrf": "1"})
    body = {"username": "auditor", "password": PASSWORD}
    answer = await client.post("https://port.test/api/v1/session", json=body)
    assert "Secure" in answer.headers["set-cookie"]
    assert "strict-transport-security" in answer.headers


# -- pictures


async def test_a_picture_that_is_not_what_its_name_says_is_refused(port: WebPort):
    camera, headers = port.machine("camera"), {"content-type": "image/jpeg"}
    wrong = await camera.put(f"/api/v1/images/{'0' * 64}", content=JPEG, headers=headers)
    assert wrong.status_code == 422
    text = b"GIF89a"
    none = await camera.put(f"/api/v1/images/{hashlib.sha256(text).hexdigest()}", content=text, headers=headers)
    assert json_of(none)["errors"][0]["rule"] == "image.jpeg"
    large = JPEG + bytes(600_000)
    too_large = await camera.put(f"/api/v1/images/{hashlib.sha256(large).hexdigest()}", content=large, headers=headers)
    assert too_large.status_code == 413
    plain = await camera.put(f"/api/v1/images/{'0' * 64}", content=JPEG, headers={"content-type": "text/plain"})
    assert plain.status_code == 415


# -- the console


async def test_without_a_built_console_a_page_says_what_to_do(port: WebPort):
    answer = await port.client().get("/")
    assert answer.status_code == 503
    assert "make console" in answer.text


async def test_the_console_is_served_from_its_folder_and_from_nowhere_else(tmp_path):
    folder = tmp_path / "console"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>kouan</title>")
    (folder / "assets" / "app-1a2b.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    async with web_port(console=str(folder)) as port:
        client = port.client()
        page = await client.get("/lanes/I3")
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-cache"
        asset = await client.get("/assets/app-1a2b.js")
        assert asset.headers["content-type"].startswith("text/javascript")
        assert "immutable" in asset.headers["cache-control"]
        assert (await client.get("/assets/gone.js")).status_code == 404
        assert (await client.get("/api/nothing")).status_code == 404
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%00", "/" + "x" * 600):
            assert "secret" not in (await client.get(path)).text
