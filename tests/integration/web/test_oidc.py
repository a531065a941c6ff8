"""Signing in with an identity provider over real HTTP, and all the ways in which that must fail."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from tests.integration.web.identity_provider import Provider, identity_provider
from tests.integration.web.web_kit import NOON, WebPort, json_of, web_port

from kouan.access.people import Agency, Role
from kouan.vocabulary.clock import SECOND
from kouan.web.services import OidcSettings

LOGIN = "/api/v1/auth/oidc/login"


@contextlib.asynccontextmanager
async def port_with_provider() -> AsyncIterator[tuple[WebPort, Provider]]:
    async with identity_provider(NOON // SECOND) as provider:
        settings = OidcSettings(
            issuer=provider.issuer,
            client_id="kouan",
            client_secret="hush",
            redirect_url="http://port.test/api/v1/auth/oidc/callback",
            roles={"port-customs": Role.INSPECTOR, "port-audit": Role.AUDITOR},
            agencies={"port-customs": Agency.CUSTOMS, "port-audit": Agency.SITE},
        )
        async with web_port(oidc=settings) as port:
            yield port, provider


@pytest.fixture
async def both() -> AsyncIterator[tuple[WebPort, Provider]]:
    async with port_with_provider() as opened:
        yield opened


async def through_provider(client: httpx.AsyncClient, path: str = LOGIN) -> str:
    """Begin a sign-in, sign in at the provider, and return where it sends the browser."""
    begun = await client.get(path)
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(begun.headers["location"])
    return str(answer.headers["location"])


async def sign_in(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get(await through_provider(client))


async def test_a_person_of_the_provider_signs_in_with_the_roles_of_their_groups(both: tuple[WebPort, Provider]):
    port, _ = both
    client = port.client()
    answer = await sign_in(client)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/"
    session = json_of(await client.get("/api/v1/session"))
    assert (session["username"], session["display_name"], session["agency"], session["roles"]) == (
        "wang.fang",
        "王芳",
        "customs",
        ["inspector"],
    )


async def test_roles_follow_the_provider_at_the_next_sign_in(both: tuple[WebPort, Provider]):
    port, provider = both
    await sign_in(port.client())
    provider.person["roles"] = ["port-audit"]
    client = port.client()
    await sign_in(client)
    assert json_of(await client.get("/api/v1/session"))["roles"] == ["auditor"]
    assert len([account for account in await port.accounts.list_accounts() if account.subject]) == 1


async def test_without_a_role_nobody_is_let_in(both: tuple[WebPort, Provider]):
    port, provider = both
    provider.person["roles"] = ["somebody-else"]
    answer = await sign_in(port.client())
    assert answer.status_code == 403
    assert "kouan_session" not in answer.headers.get("set-cookie", "")


async def test_a_name_that_somebody_has_already_is_not_taken_over(both: tuple[WebPort, Provider]):
    port, provider = both
    provider.person["preferred_username"] = "admin"
    client = port.client()
    await sign_in(client)
    session = json_of(await client.get("/api/v1/session"))
    assert session["username"].startswith("oidc-")
    assert session["roles"] == ["inspector"]


async def test_a_disabled_account_stays_out(both: tuple[WebPort, Provider]):
    port, provider = both
    await sign_in(port.client())
    admin = await port.person("admin")
    change = {"display_name": "x", "agency": "customs", "roles": [], "disabled": True}
    subject = f"{provider.issuer}#248289761001"
    assert (await admin.put("/api/v1/accounts/wang.fang", json=change | {"subject": subject})).status_code == 200
    assert (await sign_in(port.client())).status_code == 403


async def test_a_sign_in_that_another_browser_began_is_refused(both: tuple[WebPort, Provider]):
    port, _ = both
    location = await through_provider(port.client())
    answer = await port.client().get(location)
    assert answer.status_code == 401
    assert json_of(answer)["errors"][0]["rule"] == "oidc.state"


async def test_a_sign_in_works_once(both: tuple[WebPort, Provider]):
    port, _ = both
    client = port.client()
    location = await through_provider(client)
    state = client.cookies["kouan_oidc"]
    assert (await client.get(location)).status_code == 303
    again = port.client(cookie=f"kouan_oidc={state}")
    assert (await again.get(location)).status_code == 401


async def test_a_sign_in_that_took_too_long_is_refused(both: tuple[WebPort, Provider]):
    port, _ = both
    client = port.client()
    location = await through_provider(client)
    port.clock.advance(601)
    assert (await client.get(location)).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "somebody-else"},
        {"aud": ["somebody-else"]},
        {"iss": "https://another.test"},
        {"exp": NOON // SECOND - 3600},
        {"iat": NOON // SECOND + 3600},
        {"exp": "soon"},
        {"azp": "somebody-else"},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_word_of_the_provider_that_does_not_hold_is_refused(
    both: tuple[WebPort, Provider], claims: dict[str, Any]
):
    port, provider = both
    provider.claims = claims
    answer = await sign_in(port.client())
    assert answer.status_code == 401, answer.text
    assert "kouan_session" not in answer.headers.get("set-cookie", "")


async def test_a_signature_of_another_key_is_refused(both: tuple[WebPort, Provider]):
    port, provider = both
    await sign_in(port.client())
    provider.keys = [ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"})]
    answer = await sign_in(port.client())
    assert answer.status_code == 401
    assert json_of(answer)["errors"][0]["rule"] == "oidc.signature"


async def test_a_new_key_of_the_provider_is_asked_for_but_not_at_every_guess(both: tuple[WebPort, Provider]):
    port, provider = both
    await sign_in(port.client())
    provider.keys.append(ECKey.generate_key("P-256", {"kid": "two", "alg": "ES256"}))
    provider.headers = {"alg": "ES256", "kid": "two"}
    assert (await sign_in(port.client())).status_code == 401
    assert provider.asked.count("jwks") == 1
    port.clock.advance(61)
    provider.now_s += 61
    assert (await sign_in(port.client())).status_code == 303
    assert provider.asked.count("jwks") == 2
    assert provider.asked.count("describe") == 1


async def test_dangerous_acts_need_a_fresh_proof_unless_the_provider_says_that_it_is_fresh(
    both: tuple[WebPort, Provider],
):
    port, provider = both
    passage = await port.arrive(seal={"number": "CN7654321"})
    release = {"action": "release", "reason": "changed under supervision"}
    url = f"/api/v1/reviews/{passage}/decision"
    provider.person["auth_time"] = provider.now_s - 3600
    stale = port.client(**{"x-kouan-csrf": "1"})
    await sign_in(stale)
    refused = await stale.post(url, json=release)
    assert json_of(refused)["errors"][0]["rule"] == "access.step_up"
    provider.person["auth_time"] = provider.now_s
    location = await through_provider(stale, f"{LOGIN}?again=true")
    assert (await stale.get(location)).status_code == 303
    assert (await stale.post(url, json=release)).status_code == 200


async def test_a_provider_that_cannot_be_reached_is_a_502():
    settings = OidcSettings(
        issuer="http://127.0.0.1:9", client_id="kouan", client_secret="hush", redirect_url="http://port.test/"
    )
    async with web_port(oidc=settings) as port:
        answer = await port.client().get(LOGIN)
        assert answer.status_code == 502
        assert "127.0.0.1" not in answer.text


async def test_a_port_without_a_provider_has_no_such_way_in(port: WebPort):
    assert (await port.client().get(LOGIN)).status_code == 404
