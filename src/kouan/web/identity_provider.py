"""An identity provider, asked over HTTP: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636)."""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kouan.vocabulary.clock import SECOND, Clock
from kouan.web.oidc_person import STARTED_US, Person, refused
from kouan.web.problems import ProblemError
from kouan.web.services import OidcSettings

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures that are believed: asymmetric ones only, so that nobody signs with a public key as a secret."""

MAX_STARTED = 1_000
"""Sign-ins that may be under way at once; the oldest is forgotten first."""

KEPT_US = 3600 * SECOND
"""How long the provider's description and keys are kept. Our choice: an hour; an unknown key is asked for at once."""

ASK_AGAIN_US = 60 * SECOND
"""How soon keys are asked for again because one is unknown: whoever invents key ids must not make us ask."""

LEEWAY_S = 60
"""Seconds by which the provider's clock may differ. Our choice, as most libraries have it."""

TIMEOUT_S = 10.0
MAX_ANSWER = 256 * 1024
"""Most bytes that are read of an answer of the provider."""


class Started(msgspec.Struct, frozen=True):
    """A sign-in that is under way: what the provider must give back, and what proves that it is ours."""

    nonce: str
    verifier: str
    at: int


class Kept(msgspec.Struct, frozen=True):
    """Something of the provider's, and when it was asked for."""

    value: Any
    at: int


class IdentityProvider:
    """Speaks to one identity provider."""

    def __init__(self, settings: OidcSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._started: OrderedDict[str, Started] = OrderedDict()
        self._description: Kept | None = None
        self._keys: Kept | None = None

    async def start(self, state: str, nonce: str, verifier: str, *, again: bool) -> str:
        """Return the address at which the person signs in; ``again`` asks for the password whoever is signed in."""
        description = await self._describe()
        self._started[state] = Started(nonce, verifier, self._clock.monotonic())
        while len(self._started) > MAX_STARTED:
            self._started.popitem(last=False)
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_url,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            **({"prompt": "login", "max_age": "0"} if again else {}),
        }
        address = str(description["authorization_endpoint"])
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"

    async def finish(self, state: str, code: str) -> Person:
        """Return who signed in; raise ProblemError 401 for no sign-in of ours, 502 where the provider fails."""
        started = self._started.pop(state, None)
        if started is None or self._clock.monotonic() - started.at > STARTED_US:
            raise refused("state", "oidc.state", "begin again: this sign-in is not known, or took too long")
        description = await self._describe()
        answer = await self._ask(
            "POST",
            str(description["token_endpoint"]),
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.settings.redirect_url,
                "code_verifier": started.verifier,
            },
            auth=(self.settings.client_id, self.settings.client_secret),
        )
        return await self._person(str(answer.get("id_token", "")), started.nonce)

    async def _person(self, id_token: str, nonce: str) -> Person:
        claims = await self._claims(id_token)
        settings = self.settings
        registry = jwt.JWTClaimsRegistry(
            now=self._clock.now() // SECOND,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": settings.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise refused("id_token", "oidc.claims", f"the provider's word does not hold: {error}") from error
        if claims.get("azp", settings.client_id) != settings.client_id:
            raise refused("id_token", "oidc.claims", "the provider's word is for somebody else")
        return _person_of(claims, settings)

    async def _claims(self, id_token: str) -> dict[str, Any]:
        """Return the claims of an ID token whose signature holds; keys that are unknown are asked for once more."""
        try:
            return _verified(id_token, await self._key_set(fresh=False))
        except (JoseError, ValueError, TypeError):
            keys = await self._key_set(fresh=True)
        try:
            return _verified(id_token, keys)
        except (JoseError, ValueError, TypeError) as error:
            raise refused("id_token", "oidc.signature", "the provider's signature does not hold") from error

    async def _describe(self) -> Mapping[str, Any]:
        kept, now = self._description, self._clock.monotonic()
        if kept is None or now - kept.at > KEPT_US:
            issuer = self.settings.issuer
            found = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise ProblemError(502, "The identity provider says that it is another one.")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                self._require_address(str(found.get(name, "")))
            kept = self._description = Kept(found, now)
        described: Mapping[str, Any] = kept.value
        return described

    def _require_address(self, address: str) -> None:
        """Refuse an endpoint that is less safe than the issuer itself (OpenID Connect Discovery 1.0, section 7.2)."""
        scheme = urlsplit(address).scheme
        if scheme != "https" and scheme != urlsplit(self.settings.issuer).scheme:
            raise ProblemError(502, "The identity provider names an endpoint that is not https.")

    async def _key_set(self, *, fresh: bool) -> KeySet:
        kept, now = self._keys, self._clock.monotonic()
        old = kept is not None and now - kept.at > (ASK_AGAIN_US if fresh else KEPT_US)
        if kept is None or old:
            found = await self._ask("GET", str((await self._describe())["jwks_uri"]))
            try:
                kept = self._keys = Kept(KeySet.import_key_set(found), now)  # type: ignore[arg-type]
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise ProblemError(502, "The identity provider's keys cannot be read.") from error
        keys: KeySet = kept.value
        return keys

    async def _ask(self, method: str, address: str, **parts: Any) -> dict[str, Any]:
        """Return the provider's answer, a JSON object; raise ProblemError 502, or 401 where it refuses a code."""
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client,
                client.stream(method, address, **parts) as answer,
            ):
                body = b""
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        raise ProblemError(502, "The identity provider says too much.")
        except (httpx.HTTPError, AttributeError) as error:  # the latter: httpcore over uvloop, closed while it connects
            raise ProblemError(502, "The identity provider cannot be reached.") from error
        if method == "POST" and answer.status_code == httpx.codes.BAD_REQUEST:
            raise refused("code", "oidc.code", "begin again: the provider does not know this sign-in")
        try:
            document = msgspec.json.decode(body) if answer.is_success else None
        except msgspec.DecodeError:
            document = None
        if not isinstance(document, dict):
            raise ProblemError(502, "The identity provider's answer cannot be read.")
        return document


def _verified(id_token: str, keys: KeySet) -> dict[str, Any]:
    return dict(jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode("ascii")


def _person_of(claims: Mapping[str, Any], settings: OidcSettings) -> Person:
    named = claims.get(settings.roles_claim, ())
    groups = (named,) if isinstance(named, str) else named if isinstance(named, list | tuple) else ()
    username, name, at = claims.get("preferred_username"), claims.get("name"), claims.get("auth_time")
    return Person(
        subject=f"{settings.issuer}#{claims['sub']}",
        username=username if isinstance(username, str) else None,
        display_name=name if isinstance(name, str) else None,
        groups=tuple(str(group) for group in groups),
        authenticated_at=at * SECOND if isinstance(at, int) else None,
    )
