"""A port that answers the console's API with planned traffic, for the browser tests and for drawing the console.

Run by itself (``python -m tests.browser.fixture_port --tcp-port 8080``) it is lively; in tests it may stand still.
"""

import argparse
import asyncio
import base64
import contextlib
import datetime as dt
import json
import pathlib
import random
import threading
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.browser.fixture_traffic import SECOND, Drivers, Json, Planned

from kouan.ledger.entries import GENESIS, Entry, canonical
from kouan.ledger.heads import SignedHead, sign_head
from kouan.ledger.merkle import root_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIST = ROOT / "src" / "kouan" / "console_dist"
POLICY = "default-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
USERS = {
    "demo": {"username": "demo", "display_name": "Demo duty officer", "roles": ["operator"], "agency": "site"},
    "customs": {"username": "customs", "display_name": "Customs officer", "roles": ["officer"], "agency": "customs"},
}
PASSWORD = "open sesame"


ACTIONS = ("watch", "review", "confirm", "steer_lane", "place_hold", "read_ledger", "read_papers")


def catalogue(language: str) -> pathlib.Path:
    """Return the platform's own catalogue of reasons."""
    return ROOT / "src" / "kouan" / "gate" / "messages" / f"{language}.toml"


class Signer:
    """Signs heads with a fixed test key."""

    key_id = "ledger:ganqimaodu"

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


class FixturePort:
    """Nineteen lanes whose vehicles move with ``clock``."""

    def __init__(self, clock: Callable[[], int], *, calm: bool = False, lively: bool = False, seed: int = 7) -> None:
        self.clock = clock
        self.lively = lively
        self.calm = calm
        self.counts: Json = {}  # of the overview, in place of what it says otherwise
        self.out_of_order = set() if calm else {"O4"}
        self.hub: Json | None = None
        self.rules: Json | None = None
        self.file = tomllib.loads((ROOT / "ports" / "ganqimaodu.toml").read_text("utf-8"))
        self.drivers = Drivers(seed)
        self.signer = Signer()
        self.entries: list[Entry] = []
        self.head_list: list[SignedHead] = []
        self.now_in: dict[str, Planned | None] = {}
        self.past: list[Planned] = []
        self.directions = {lane["name"]: lane["direction"] for lane in self.file["lanes"]}
        self.received: list[Json] = []
        self.holds: list[Json] = []
        self.shut = {"O7": True}
        self.closing = False
        self._fill()

    # -- traffic

    def _fill(self) -> None:
        now = self.clock()
        chance = self.drivers.random
        for n in range(70):
            lane = chance.choice(self.file["lanes"])
            anomaly = "weight" if n % 17 == 5 and not self.calm else None
            planned = self.drivers.plan(lane["name"], lane["direction"], now - (70 - n) * 40 * SECOND, anomaly)
            self.past.append(planned)
            self.record(planned)
        anomalies = {} if self.calm else {"I3": "seal", "I9": "plate", "I6": "radiation", "O5": "crew", "I10": "weight"}
        ages = (17, 6, 30, 11, 2, 9, 14, 4, 20, 8, 13, 5, 10, 16, 3, 40, 7, 15, 1)
        for n, lane in enumerate(self.file["lanes"]):
            name = lane["name"]
            if name in {"I5", "O2", "O7"}:
                self.now_in[name] = None
                continue
            age = ages[n] if name not in anomalies or name == "I10" else ages[n] + 60
            self.now_in[name] = self.drivers.plan(name, lane["direction"], now - age * SECOND, anomalies.get(name))
        for planned in self.now_in.values():
            if planned is not None:
                self.record(planned)
        self.seal_head()

    def record(self, planned: Planned) -> None:
        facts = [("gate.passage_opened/1", {"lane": planned.lane, "track": planned.track})]
        facts += [("gate.evidence/1", {"type": name} | found) for name, found in planned.evidence.items()]
        facts.append(("gate.decision/1", planned.decision(2**60) or {}))
        for n, (kind, body) in enumerate(facts):
            prev = self.entries[-1].hash if self.entries else GENESIS
            seq = len(self.entries) + 1
            body_bytes = canonical({k: v for k, v in body.items() if not isinstance(v, float)})
            self.entries.append(
                Entry(
                    at=planned.opened_at + n * SECOND,
                    body=msgspec.Raw(body_bytes),
                    epoch=1,
                    key=f"{planned.id}:{n}",
                    kind=kind,
                    port="ganqimaodu",
                    prev=prev,
                    seq=seq,
                    stream=planned.id,
                )
            )
            planned.entries.append(seq)

    def seal_head(self) -> None:
        size = len(self.entries)
        self.head_list.insert(
            0,
            sign_head(
                self.signer,
                port="ganqimaodu",
                size=size,
                root=root_of(self.leaves()),
                last=self.entries[-1].hash,
                at=self.clock(),
                epoch=1,
            ),
        )

    def leaves(self, size: int | None = None) -> list[bytes]:
        return [bytes.fromhex(entry.hash) for entry in self.entries[:size]]

    def step(self) -> None:
        """Let vehicles that are through make room for the next."""
        now = self.clock()
        chance = self.drivers.random
        for lane in self.file["lanes"]:
            name = lane["name"]
            planned = self.now_in.get(name)
            if planned is not None and planned.over(now):
                self.past.append(planned)
                self.now_in[name] = None
            elif planned is None and chance.random() < 0.03:
                kinds = (None,) * 24 + ("weight", "plate")
                fresh = self.drivers.plan(name, self.directions[name], now, chance.choice(kinds))
                self.now_in[name] = fresh
                self.record(fresh)
        if now - self.head_list[0].at > 20 * SECOND:
            self.seal_head()

    # -- views

    def lane_view(self, lane: Json) -> Json:
        now = self.clock()
        planned = self.now_in.get(lane["name"])
        view = planned.view(now) if planned is not None and not planned.over(now) else None
        faulty = lane["name"] in self.out_of_order
        opened = view is not None and view["state"] == "opened"
        diverting = opened and view is not None and view["decision"]["outcome"] != "RELEASE"
        return {
            "lane": lane["name"],
            "direction": self.directions[lane["name"]],
            "mode": "closed" if self.shut.get(lane["name"]) else "degraded" if faulty else "open",
            "tidal": lane.get("tidal", False),
            "degraded": [{"device": "seal_reader", "since": now - 340 * SECOND, "cause": "offline"}] if faulty else [],
            "barriers": {
                "release": "open" if opened and not diverting else "closed",
                "divert": "open" if diverting else "closed",
            },
            "light": "green" if opened else "red",
            "passage": view,
            "updated_at": now,
            "position": {"x": lane["x"], "y": lane["y"], "heading": lane["heading"]},
        }

    def lanes(self) -> list[Json]:
        return [self.lane_view(lane) for lane in self.file["lanes"]]

    def reviews(self) -> Json:
        now = self.clock()
        found = [planned.review(now) for planned in self.now_in.values() if planned is not None]
        return {"items": [item for item in found if item is not None]}

    def overview(self) -> Json:
        now = self.clock()
        minute = 60 * SECOND
        chance = random.Random(3)
        start = now // minute * minute - 119 * minute
        history = [
            {"t": start + n * minute, "in": chance.randrange(1, 6), "out": chance.randrange(0, 4)} for n in range(120)
        ]
        return {
            "port": "ganqimaodu",
            "name": self.file["title"],
            "now": now,
            "in_today": 412,
            "out_today": 388,
            "queue": {"in": 29, "out": 8},
            "sources": {"online": 170 if not self.calm else 171, "total": 171},
            "stop_median_s": 12,
            "stop_p95_s": 17,
            "passages_per_h": 131,
            "released_pm": 961,
            "ledger": {
                "size": len(self.entries),
                "head_size": self.head_list[0].size,
                "head_at": self.head_list[0].at,
            },
            "lanes": [lane["name"] for lane in self.file["lanes"]],
            "history": history,
            "alarms": self.alarms(),
            "rules": self.rules,
            "hub": self.hub,
            "unparsed": [] if self.calm else [{"topic": "kouan.ganqimaodu.I7.plc.event", "count": 3, "rule": "json"}],
        } | self.counts

    def alarms(self) -> list[Json]:
        now = self.clock()
        current = [planned for planned in self.now_in.values() if planned is not None and planned.review(now)]
        found = [
            {
                "at": planned.decided_at,
                "lane": planned.lane,
                "passage": planned.id,
                "reason": planned.findings[0]["reason"],
                "number": f"A-{planned.id}",
                "state": "unacknowledged",
                "owners": ["port"],
                "returned_at": None,
                "acknowledged_by": None,
                "acknowledged_at": None,
                "word": None,
            }
            | {"priority": (planned.review(now) or {})["priority"]}
            for planned in current
        ]
        return sorted(found, key=lambda alarm: -alarm["at"])

    def find(self, passage: str) -> Planned | None:
        current = [planned for planned in self.now_in.values() if planned is not None]
        return next((planned for planned in [*current, *self.past] if planned.id == passage), None)


def inclusion_path(leaves: list[bytes], index: int) -> list[bytes]:
    """The audit path of RFC 9162 section 2.1.3.1, by its recursive definition."""
    if len(leaves) <= 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return [*inclusion_path(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_path(leaves[split:], index - split), root_of(leaves[:split])]


def consistency_path(leaves: list[bytes], first: int, whole: bool = True) -> list[bytes]:
    """The consistency proof of RFC 9162 section 2.1.4.1, by its recursive definition."""
    if first == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if first <= split:
        return [*consistency_path(leaves[:split], first, whole), root_of(leaves[split:])]
    return [*consistency_path(leaves[split:], first - split, False), root_of(leaves[:split])]


def problem(status: int, title: str, **more: Any) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": "", "errors": []} | more
    return JSONResponse(body, status, media_type="application/problem+json")


class Api:
    """The routes of the contract, over one FixturePort."""

    def __init__(self, port: FixturePort) -> None:
        self.port = port
        self.listeners: set[asyncio.Event] = set()

    def user(self, request: Request) -> Json | None:
        return USERS.get(request.cookies.get("kouan_session", ""))

    async def session(self, request: Request) -> Response:
        if request.method == "POST":
            asked = await request.json()
            if asked["username"] not in USERS or asked["password"] != PASSWORD:
                return problem(401, "Wrong user name or password")
            response: Response = Response(status_code=204)
            response.set_cookie("kouan_session", asked["username"], httponly=True, samesite="strict")
            return response
        if request.method == "DELETE":
            response = Response(status_code=204)
            response.delete_cookie("kouan_session")
            return response
        user = self.user(request)
        if user is None:
            demo = [{"username": name, "password": PASSWORD} for name in USERS]
            title = self.port.file["title"]
            return problem(401, "Not signed in", oidc={"available": True, "name": "OIDC"}, demo=demo, name=title)
        return JSONResponse(user | {"machine": False, "actions": ACTIONS, "acknowledges": []})

    async def simple(self, request: Request) -> Response:
        if self.user(request) is None and "/messages/" not in request.url.path:
            return problem(401, "Not signed in")
        port = self.port
        path = request.url.path.removeprefix("/api/v1")
        given = request.path_params
        if path == "/overview":
            return JSONResponse(port.overview())
        if path == "/port":
            lanes = [lane | {"tidal": lane.get("tidal", False)} for lane in port.file["lanes"]]
            return JSONResponse({"name": port.file["title"], "lanes": lanes, "map": port.file["map"]})
        if path == "/lanes":
            return JSONResponse(port.lanes())
        if path == "/reviews":
            return JSONResponse(port.reviews())
        if "passage" in given:
            planned = port.find(given["passage"])
            return JSONResponse(planned.view(port.clock())) if planned else problem(404, "No such passage")
        if "lane" in given:
            found = [lane for lane in port.lanes() if lane["lane"] == given["lane"]]
            return JSONResponse(found[0]) if found else problem(404, "No such lane")
        if "language" in given:
            return JSONResponse(tomllib.loads(catalogue(given["language"]).read_text("utf-8")))
        return problem(404, "Nothing here")

    async def passages(self, request: Request) -> Response:
        port = self.port
        asked = request.query_params
        current = [planned for planned in port.now_in.values() if planned is not None]
        everything = sorted([*port.past, *current], key=lambda planned: -planned.opened_at)
        items = [planned.summary(port.clock()) for planned in everything]
        items = [item for item in items if asked.get("state") in (None, item["state"])]
        return JSONResponse({"items": items[: int(asked.get("limit", 50))]})

    async def what_if(self, request: Request) -> Response:
        planned = self.port.find(request.path_params["passage"])
        if planned is None:
            return problem(404, "No such passage")
        items = []
        for found in planned.findings:
            if found["rule"] == "seal.differs":
                needed = found["reason"]["params"]["declared"]
                items.append({"field": "seal.number", "found": "MN777013", "needed": needed, "outcome": "RELEASE"})
            if found["rule"] == "weight.differs":
                params = found["reason"]["params"]
                needed = params["expected_kg"] + params["allowed_kg"]
                items.append(
                    {"field": "weight.mass_kg", "found": params["measured_kg"], "needed": needed, "outcome": "RELEASE"}
                )
        return JSONResponse({"items": items})

    async def image(self, request: Request) -> Response:
        data = self.port.drivers.images.get(request.path_params["sha256"])
        return Response(data, media_type="image/jpeg") if data else problem(404, "No such picture")

    async def decide(self, request: Request) -> Response:
        asked = await request.json()
        self.port.received.append({"path": request.url.path} | asked)
        planned = self.port.find(request.path_params["passage"])
        user = self.user(request)
        if planned is None or user is None:
            return problem(404, "No such passage")
        if request.headers.get("X-Kouan-CSRF") is None:
            return problem(403, "No CSRF header")
        step_up = asked["action"] == "release" if "action" in asked else True
        if step_up and asked.get("password") != PASSWORD:
            errors = [{"field": "password", "rule": "access.step_up", "mend": "give your password again"}]
            return problem(403, "Password needed", errors=errors)
        if request.url.path.endswith("/confirmation"):
            if planned.first and planned.first["by"] == user["username"]:
                errors = [{"field": "by", "rule": "review.second_person", "mend": "a second person must confirm"}]
                return problem(409, "Not by the same person", errors=errors)
            planned.released_by = user["username"]
        elif planned.outcome != "DIVERT_MANUAL" and asked["action"] == "release":
            first = {"by": user["username"], "action": asked["action"], "reason": asked["reason"]}
            planned.first = first | {"at": self.port.clock()}
        else:
            planned.released_by = user["username"]
        return JSONResponse({"state": "recorded"})

    async def direction(self, request: Request) -> Response:
        asked = await request.json()
        self.port.received.append({"path": request.url.path} | asked)
        lane = request.path_params["lane"]
        if self.port.now_in.get(lane) is not None:
            errors = [{"field": "lane", "rule": "lane.empty", "mend": "wait until the lane is empty"}]
            return problem(409, "The lane is not empty", errors=errors)
        self.port.directions[lane] = asked["direction"]
        return JSONResponse({})

    async def service(self, request: Request) -> Response:
        asked = await request.json()
        self.port.received.append({"path": request.url.path} | asked)
        self.port.shut[request.path_params["lane"]] = request.url.path.endswith("/closing")
        return JSONResponse({"state": "recorded"})

    async def holds(self, request: Request) -> Response:
        if request.method == "POST":
            asked = await request.json()
            user = self.user(request) or {}
            hold = (
                {"plate": None, "container": None, "consignment": None, "declaration": None}
                | asked
                | {"number": f"H-{len(self.port.holds) + 1:04d}"}
            )
            placed = {
                "authority": user.get("agency"),
                "placed_by": user.get("username"),
                "placed_at": self.port.clock(),
            }
            self.port.holds.append(hold | placed | {"lifted_by": None, "lifted_at": None})
            return JSONResponse({"number": hold["number"]}, 201)
        if request.method == "DELETE":
            number = request.path_params["number"]
            self.port.holds = [hold for hold in self.port.holds if hold["number"] != number]
            return Response(status_code=204)
        return JSONResponse({"items": self.port.holds})

    async def ledger(self, request: Request) -> Response:
        port = self.port
        asked = request.query_params
        what = request.path_params["what"]
        if what == "entries":
            after, limit = int(asked.get("after", 0)), int(asked.get("limit", 100))
            found = [e for e in port.entries if e.seq > after and asked.get("stream") in (None, e.stream)][:limit]
            return JSONResponse({"items": [entry_view(entry) for entry in found], "size": len(port.entries)})
        if what == "heads":
            heads = [{field: getattr(h, field) for field in h.__struct_fields__} for h in port.head_list]
            return JSONResponse({"items": heads})
        if what == "consistency":
            first, second = int(asked["first"]), int(asked["second"])
            path = [node.hex() for node in consistency_path(port.leaves(second), first)]
            return JSONResponse({"first": first, "second": second, "path": path})
        raw = port.signer.key.public_key().public_bytes_raw()
        return JSONResponse({"key_id": port.signer.key_id, "key": raw.hex(), "algorithm": "Ed25519"})

    async def proof(self, request: Request) -> Response:
        seq = request.path_params["seq"]
        size = int(request.query_params.get("size", len(self.port.entries)))
        leaves = self.port.leaves(size)
        path = [node.hex() for node in inclusion_path(leaves, seq - 1)]
        root = root_of(leaves).hex()
        leaf = self.port.entries[seq - 1].hash
        return JSONResponse({"seq": seq, "size": size, "leaf_hash": leaf, "path": path, "root": root})

    async def papers(self, request: Request) -> Response:
        now = self.port.clock()
        plate = (request.query_params.get("plate") or "").replace(" ", "").upper()
        batch = request.query_params.get("batch")
        current = [planned for planned in self.port.now_in.values() if planned is not None]
        items = []
        for n, planned in enumerate([*current, *self.port.past][:40]):
            papers = planned.evidence["papers"]
            item = {
                "kind": "confirmation",
                "number": papers["confirmation"],
                "batch": f"B{n // 3:04d}",
                "plate": planned.plate,
                "direction": planned.direction,
                "state": "incomplete" if n % 5 == 2 else "complete",
                "received_at": now - (n + 1) * 900 * SECOND,
                "missing": [
                    {"field": "manifest", "rule": "papers.manifest", "mend": "send the manifest of this waybill"}
                ]
                if n % 5 == 2
                else [],
                "details": {"cargo": planned.cargo, "seals": papers["seals"], "containers": planned.containers},
            }
            if (not plate or plate in planned.plate.replace(" ", "")) and batch in (None, "", item["batch"]):
                items.append(item)
        return JSONResponse({"items": items})

    async def events(self, request: Request) -> Response:
        return StreamingResponse(self._stream(request), media_type="text/event-stream")

    async def _stream(self, request: Request) -> AsyncIterator[str]:
        sent: dict[str, str] = {}
        beat = 0.0
        while not self.port.closing and not await request.is_disconnected():
            messages = [("lane", lane["lane"], lane) for lane in self.port.lanes()]
            messages.append(("review", "review", self.port.reviews()))
            messages.append(("overview", "overview", self.port.overview()))
            for event, key, data in messages:
                kept = {k: v for k, v in data.items() if k != "updated_at"} if event == "lane" else data
                text = json.dumps(kept, ensure_ascii=False)
                if sent.get(key) != text:
                    sent[key] = text
                    yield f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
            if time.perf_counter() - beat > 5:
                beat = time.perf_counter()
                yield f'event: heartbeat\ndata: {{"now": {self.port.clock()}}}\n\n'
            await asyncio.sleep(0.2)


def entry_view(entry: Entry) -> Json:
    """Show an entry with the bytes that are hashed."""
    return {
        "seq": entry.seq,
        "at": entry.at,
        "kind": entry.kind,
        "stream": entry.stream,
        "hash": entry.hash,
        "prev": entry.prev,
        "epoch": entry.epoch,
        "key": entry.key,
        "body": json.loads(bytes(entry.body)),
        "encoded": base64.b64encode(entry.encode()).decode(),
    }


async def console(request: Request) -> Response:
    """Serve the built console: a file if there is one, else the page."""
    path = (DIST / request.url.path.lstrip("/")).resolve()
    if not path.is_relative_to(DIST) or not path.is_file():
        path = DIST / "index.html"
    return FileResponse(path, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


def application(port: FixturePort) -> Starlette:
    """Build the ASGI application of one fixture port."""
    api = Api(port)
    base = "/api/v1"
    get_only = ("/overview", "/port", "/lanes", "/reviews", "/passages/{passage}", "/lanes/{lane}")

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async def drive() -> None:
            while True:
                port.step()
                await asyncio.sleep(0.2)

        task = asyncio.create_task(drive()) if port.lively else None
        yield
        if task is not None:
            task.cancel()

    served = Starlette(
        routes=[
            Route(f"{base}/session", api.session, methods=["GET", "POST", "DELETE"]),
            Route(f"{base}/events", api.events),
            Route(f"{base}/images/{{sha256}}", api.image),
            Route(f"{base}/passages", api.passages),
            Route(f"{base}/passages/{{passage}}/what-if", api.what_if),
            Route(f"{base}/reviews/{{passage}}/decision", api.decide, methods=["POST"]),
            Route(f"{base}/reviews/{{passage}}/confirmation", api.decide, methods=["POST"]),
            Route(f"{base}/lanes/{{lane}}/direction", api.direction, methods=["POST"]),
            Route(f"{base}/lanes/{{lane}}/opening", api.service, methods=["POST"]),
            Route(f"{base}/lanes/{{lane}}/closing", api.service, methods=["POST"]),
            Route(f"{base}/holds", api.holds, methods=["GET", "POST"]),
            Route(f"{base}/holds/{{number}}", api.holds, methods=["DELETE"]),
            Route(f"{base}/ledger/proof/{{seq:int}}", api.proof),
            Route(f"{base}/ledger/{{what}}", api.ledger),
            Route(f"{base}/papers", api.papers),
            Route(f"{base}/messages/{{language}}", api.simple),
            *[Route(base + path, api.simple) for path in get_only],
            Route("/{path:path}", console),
        ],
        lifespan=lifespan,
    )
    served.state.port = port
    return served


class Served:
    """Runs an application on a free tcp port of the loopback interface, in a thread of its own."""

    def __init__(self, app: Starlette, tcp_port: int = 0) -> None:
        self.port: FixturePort = app.state.port
        config = uvicorn.Config(app, host="127.0.0.1", port=tcp_port, log_level="warning", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> str:
        self.thread.start()
        give_up = time.perf_counter() + 10
        while not self.server.started and time.perf_counter() < give_up:
            self.thread.join(0.02)
        tcp_port = self.server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{tcp_port}"

    def __exit__(self, *_: object) -> None:
        self.port.closing = True
        self.server.should_exit = True
        self.thread.join(5)


def wall() -> int:
    """The wall clock in microseconds."""
    return int(dt.datetime.now(dt.UTC).timestamp() * SECOND)  # noqa: TID251 - the fixture is its own port


def main() -> None:
    """Serve a lively port until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tcp-port", type=int, default=8080)
    parser.add_argument("--calm", action="store_true")
    asked = parser.parse_args()
    app = application(FixturePort(wall, lively=True, calm=asked.calm))
    uvicorn.run(app, host="127.0.0.1", port=asked.tcp_port, log_level="warning")


if __name__ == "__main__":
    main()
