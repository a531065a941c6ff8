"""A small OpenID provider that speaks real HTTP on the loopback interface."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kouan.web.identity_provider import challenge_of


class Provider:
    """Signs everybody in as ``person``; ``claims`` replaces claims of the ID token, ``tamper`` its text."""

    def __init__(self, issuer: str, now_s: int) -> None:
        self.issuer = issuer
        self.now_s = now_s
        self.keys = [ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"})]
        self.person: dict[str, Any] = {
            "sub": "248289761001",
            "preferred_username": "wang.fang",
            "name": "王芳",
            "roles": ["port-customs"],
            "auth_time": now_s,
        }
        self.claims: dict[str, Any] = {}
        self.headers: dict[str, str] = {"alg": "ES256", "kid": "one"}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.jwks),
            ]
        )

    async def describe(self, _: Request) -> Response:
        self.asked.append("describe")
        endpoints = {
            name: f"{self.issuer}{path}"
            for name, path in (("authorization_endpoint", "/authorize"), ("token_endpoint", "/token"))
        }
        return JSONResponse({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **endpoints})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        query = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}", 302)

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(form["code"], None)
        proven = asked is not None and challenge_of(form["code_verifier"]) == asked["code_challenge"]
        if not proven or not request.headers.get("authorization", "").startswith("Basic "):
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = {
            "iss": self.issuer,
            "aud": "kouan",
            "exp": self.now_s + 300,
            "iat": self.now_s,
            "nonce": asked["nonce"],
            **self.person,
            **self.claims,
        }
        token = jwt.encode(self.headers, claims, self.keys[-1], algorithms=["ES256"])
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})

    async def jwks(self, _: Request) -> Response:
        self.asked.append("jwks")
        return JSONResponse(KeySet(list(self.keys)).as_dict(private=False))


@contextlib.asynccontextmanager
async def identity_provider(now_s: int) -> AsyncIterator[Provider]:
    """Serve a provider on a free tcp port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
        provider = Provider(issuer, now_s)
        config = uvicorn.Config(provider.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
            await asyncio.sleep(0.01)
        try:
            yield provider
        finally:
            server.should_exit = True
            await serving
