"""Sessions, passwords, tokens and the header against forgery."""

from tests.integration.web.web_kit import PASSWORD, WebPort, json_of, web_port

SESSION = "/api/v1/session"


async def test_a_person_signs_in_and_the_answer_says_who_they_are(port: WebPort):
    client = port.client(**{"x-kouan-csrf": "1"})
    answer = await client.post(SESSION, json={"username": "inspector", "password": PASSWORD})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert json_of(await client.get(SESSION))["username"] == "inspector"


async def test_the_session_secret_is_kept_as_a_hash_only(port: WebPort):
    client = await port.person("inspector")
    secret = client.cookies["kouan_session"]
    kept = list(port.disk.tables.rows("access_sessions"))
    assert kept
    assert all(secret not in str(row) for row in kept)
    assert all(secret.encode() not in entry.encode() for entry in await port.ledger.read())


async def test_a_wrong_password_and_an_unknown_name_are_answered_the_same(port: WebPort):
    client = port.client(**{"x-kouan-csrf": "1"})
    wrong = await client.post(SESSION, json={"username": "inspector", "password": "wrong"})
    unknown = await client.post(SESSION, json={"username": "nobody", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content


async def test_guessing_a_password_is_soon_refused_until_time_passes(port: WebPort):
    client = port.client(**{"x-kouan-csrf": "1"})
    guess = {"username": "inspector", "password": "wrong"}
    answers = [(await client.post(SESSION, json=guess)).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    right = await client.post(SESSION, json={"username": "inspector", "password": PASSWORD})
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) > 0
    port.clock.advance(60)
    assert (await client.post(SESSION, json={"username": "inspector", "password": PASSWORD})).status_code == 200


async def test_signing_out_ends_the_session_for_good(port: WebPort):
    client = await port.person("inspector")
    secret = client.cookies["kouan_session"]
    assert (await client.delete(SESSION)).status_code == 204
    thief = port.client(cookie=f"kouan_session={secret}")
    assert (await thief.get(SESSION)).status_code == 401


async def test_a_session_ends_with_the_shift(port: WebPort):
    client = await port.person("inspector")
    port.clock.advance(12 * 3600 + 1)
    assert (await client.get(SESSION)).status_code == 401


async def test_without_the_header_against_forgery_nothing_is_changed(port: WebPort):
    client = await port.person("inspector")
    del client.headers["x-kouan-csrf"]
    assert (await client.get(SESSION)).status_code == 200
    refused = await client.delete(SESSION)
    assert refused.status_code == 403
    assert json_of(refused)["errors"][0]["rule"] == "request.csrf"


async def test_a_page_of_another_site_cannot_act_even_with_the_header(port: WebPort):
    client = await port.person("inspector")
    assert (await client.delete(SESSION, headers={"sec-fetch-site": "cross-site"})).status_code == 403


async def test_an_account_that_is_disabled_is_out_at_once(port: WebPort):
    admin, inspector = await port.person("admin"), await port.person("inspector")
    change = {"display_name": "Inspector", "agency": "customs", "roles": ["inspector"], "disabled": True}
    assert (await admin.put("/api/v1/accounts/inspector", json=change)).status_code == 200
    assert (await inspector.get(SESSION)).status_code == 401
    assert (await port.machine("inspector").get(SESSION)).status_code == 401


async def test_a_token_that_was_taken_back_is_refused(port: WebPort):
    admin = await port.person("admin")
    issued = json_of(await admin.post("/api/v1/accounts/camera/tokens", json={"label": "lane 3"}))
    machine = port.client(authorization=f"Bearer {issued['token']}")
    assert (await machine.get(SESSION)).status_code == 200
    assert (await admin.delete(f"/api/v1/tokens/{issued['id']}")).status_code == 204
    assert (await machine.get(SESSION)).status_code == 401


async def test_whoever_is_not_signed_in_learns_how_to_be():
    async with web_port(demo=True, demo_accounts=(("demo", "kouan-demo"),)) as port:
        answer = await port.client().get(SESSION)
        assert answer.status_code == 401
        assert json_of(answer)["demo"] == [{"username": "demo", "password": "kouan-demo"}]
        assert json_of(answer)["name"]["zh"] == "甘其毛都"
