"""Lorries for the console's browser tests: each is planned once and shows at any instant how far it has come."""

import dataclasses
import functools
import hashlib
import io
import random
from typing import Any

from PIL import Image, ImageDraw

SECOND = 1_000_000
PROCEDURES = (
    "positioning",
    "plates",
    "container",
    "seal",
    "weight",
    "radiation",
    "driver",
    "health",
    "papers",
    "decision",
)
DEVICES = {
    "positioning": "plc",
    "plates": "plate_camera",
    "container": "container_camera",
    "seal": "seal_reader",
    "weight": "weighbridge",
    "radiation": "radiation_portal",
    "driver": "driver_terminal",
    "health": "health_kiosk",
    "papers": "papers",
    "decision": "decision",
}
Json = dict[str, Any]


@functools.cache
def picture(text: str, kind: str) -> tuple[bytes, tuple[int, int, int, int]]:
    """Draw a grey lorry with a plate or container number, and say where that stands."""
    image = Image.new("RGB", (640, 480), (112, 116, 120))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 360, 640, 480), fill=(84, 87, 90))
    draw.rectangle((120, 70, 520, 380), fill=(150, 152, 155), outline=(60, 62, 64), width=3)
    if kind == "front":
        draw.rectangle((160, 100, 480, 210), fill=(62, 66, 70))
    draw.ellipse((140, 350, 230, 440), fill=(40, 41, 42))
    draw.ellipse((410, 350, 500, 440), fill=(40, 41, 42))
    box = (236, 300, 168, 44) if kind == "front" else (270, 110, 220, 40)
    draw.rectangle((box[0], box[1], box[0] + box[2], box[1] + box[3]), fill=(206, 208, 210))
    draw.text((box[0] + 10, box[1] + 8), text, fill=(20, 22, 24), font_size=26)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue(), box


@dataclasses.dataclass
class Planned:
    """One vehicle's passage from its arrival to its end, whatever the time is now."""

    id: str
    lane: str
    direction: str
    track: int
    plate: str
    trailer: str | None
    containers: list[str]
    cargo: str
    opened_at: int
    ends: dict[str, int]
    evidence: dict[str, Json]
    findings: list[Json]
    outcome: str
    entries: list[int] = dataclasses.field(default_factory=list)
    first: Json | None = None
    released_by: str | None = None

    @property
    def stopped_at(self) -> int:
        return self.opened_at + 3 * SECOND

    @property
    def decided_at(self) -> int:
        return max(self.ends.values()) + SECOND

    @property
    def waits(self) -> bool:
        return self.outcome in {"HOLD", "DIVERT_MANUAL", "DIVERT_RADIATION"} and self.released_by is None

    @property
    def actuated_at(self) -> int:
        return self.decided_at + 600_000

    @property
    def closed_at(self) -> int:
        return self.actuated_at + 7 * SECOND

    def over(self, now: int) -> bool:
        return not self.waits and now > self.closed_at + 2 * SECOND

    def state(self, now: int) -> str:
        if now < max(self.ends.values()):
            return "collecting"
        if now < self.decided_at:
            return "awaiting_verdicts"
        if self.waits:
            return "in_review"
        if now < self.actuated_at:
            return "ordered"
        if now < self.closed_at:
            return "opened"
        return "cleared" if self.outcome == "RELEASE" else "diverted"

    def review(self, now: int) -> Json | None:
        if not self.waits or now < self.decided_at:
            return None
        priority = {"HOLD": 2, "DIVERT_RADIATION": 1, "DIVERT_MANUAL": 4}[self.outcome]
        allowed = ["release", "divert", "refuse"] + (["correct"] if self.outcome == "DIVERT_MANUAL" else [])
        return {
            "passage": self.id,
            "lane": self.lane,
            "plate": self.plate,
            "outcome": self.outcome,
            "priority": priority,
            "opened_at": self.decided_at,
            "findings": self.findings,
            "allowed": allowed,
            "needs_second": self.outcome != "DIVERT_MANUAL",
            "needs_survey": self.outcome == "DIVERT_RADIATION",
            "first": self.first,
            "authority": self.findings[0]["authority"],
        }

    def procedure(self, name: str, now: int) -> Json:
        started = self.opened_at if name == "positioning" else self.stopped_at
        finished = self.decided_at if name == "decision" else self.ends[name]
        required = name != "container" or bool(self.containers)
        begun = now >= started and (name != "decision" or now >= max(self.ends.values()))
        done = now >= finished
        state = "not_required" if not required and done else "done" if done else "running" if begun else "waiting"
        return {
            "name": name,
            "state": state,
            "deadline_at": started + 15 * SECOND,
            "started_at": started if begun else None,
            "finished_at": finished if done else None,
            "evidence": self.evidence.get(name) if done and required else None,
            "finding": done and any(f["rule"].startswith(name) for f in self.findings),
        }

    def decision(self, now: int) -> Json | None:
        if now < self.decided_at:
            return None
        return {
            "outcome": self.outcome,
            "findings": self.findings,
            "rulebook": "ganqimaodu@2026-01-01",
            "at": self.decided_at,
            "epoch": 3,
            "rules": [f"rule{n}@1" for n in range(28)],
        }

    def order(self, now: int) -> Json | None:
        if self.waits or now < self.decided_at:
            return None
        number = hashlib.sha256(self.id.encode()).hexdigest()
        return {
            "order_id": f"{self.id}-1",
            "barrier": "release" if self.outcome == "RELEASE" else "divert",
            "issued_at": self.decided_at,
            "expires_at": self.decided_at + 5 * SECOND,
            "nonce": number[:32],
            "jws": "eyJhbGciOiJFZERTQSIsInR5cCI6ImtvdWFuLW9yZGVyK2p3cyJ9.eyJvdXRjb21lIjoiUkVMRUFTRSJ9." + number,
        }

    def verdicts(self, now: int) -> list[Json]:
        given = []
        for delay, authority in enumerate(("site", "border_inspection", "customs")):
            at = max(self.ends.values()) + delay * 300_000
            held = any(f["authority"] == authority and f["outcome"] == "HOLD" for f in self.findings)
            if now >= at:
                given.append({"authority": authority, "outcome": "refer" if held else "grant", "reasons": [], "at": at})
        return given

    def view(self, now: int) -> Json:
        actuated = None if self.waits or now < self.actuated_at else self.actuated_at
        closed = None if self.waits or now < self.closed_at else self.closed_at
        read = now >= self.ends["plates"]
        return {
            "id": self.id,
            "lane": self.lane,
            "direction": self.direction,
            "track": self.track,
            "state": self.state(now),
            "plate": self.plate if read else None,
            "trailer": self.trailer if read else None,
            "containers": self.containers if now >= self.ends["container"] else [],
            "cargo": self.cargo if now >= self.ends["papers"] else None,
            "load": "loaded" if now >= self.ends["papers"] else None,
            "visit": f"V{self.track:06d}" if now >= self.ends["papers"] else None,
            "opened_at": self.opened_at,
            "stopped_at": self.stopped_at if now >= self.stopped_at else None,
            "decided_at": self.decided_at if now >= self.decided_at else None,
            "ordered_at": None if self.waits or now < self.decided_at else self.decided_at,
            "actuated_at": actuated,
            "closed_at": closed,
            "stop_ms": None if actuated is None else (actuated - self.stopped_at) // 1000,
            "procedures": [self.procedure(name, now) for name in PROCEDURES],
            "verdicts": self.verdicts(now),
            "decision": self.decision(now),
            "order": self.order(now),
            "review": self.review(now),
            "entries": self.entries,
        }

    def summary(self, now: int) -> Json:
        view = self.view(now)
        kept = ("id", "lane", "direction", "plate", "state", "opened_at", "closed_at", "stop_ms", "cargo")
        return {name: view[name] for name in kept} | {"outcome": (view["decision"] or {}).get("outcome")}


CARGO = {
    "in": ("coking_coal", "coking_coal", "copper_concentrate"),
    "out": ("vegetables", "general", "aquatic"),
}
MONGOLIAN = "АБВГДЕӨ"


class Drivers:
    """Plans vehicles with a seeded random source; remembers their pictures by hash."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.images: dict[str, bytes] = {}
        self.count = 0

    def plan(self, lane: str, direction: str, opened_at: int, anomaly: str | None = None) -> Planned:
        self.count += 1
        chance = self.random
        mongolian = chance.random() < 0.7
        plate = (
            f"{chance.randrange(1000, 9999)} ӨМ{chance.choice(MONGOLIAN)}"
            if mongolian
            else f"蒙L{chance.randrange(10000, 99999)}"
        )
        cargo = chance.choice(CARGO[direction])
        containers = (
            [f"TCLU{chance.randrange(1000000, 9999999)}" for _ in range(2)] if cargo == "copper_concentrate" else []
        )
        stopped = opened_at + 3 * SECOND
        ends = {name: stopped + chance.randrange(1_500_000, 9_000_000) for name in PROCEDURES[:-1]}
        ends["positioning"] = stopped + 200_000
        ends["driver"] = stopped + chance.randrange(6_000_000, 14_000_000)
        evidence = self._evidence(plate, containers, cargo, direction, ends, anomaly)
        found = finding(anomaly, evidence)
        return Planned(
            id=f"P{self.count:08d}",
            lane=lane,
            direction=direction,
            track=self.count,
            plate=plate,
            trailer=f"{chance.randrange(1000, 9999)} ӨМГ" if mongolian else None,
            containers=containers,
            cargo=cargo,
            opened_at=opened_at,
            ends=ends,
            evidence=evidence,
            findings=[found] if found else [],
            outcome=found["outcome"] if found else "RELEASE",
        )

    def _picture(self, text: str, kind: str) -> list[Json]:
        data, box = picture(text, kind)
        sha256 = hashlib.sha256(data).hexdigest()
        self.images[sha256] = data
        return [{"sha256": sha256, "box": list(box)}]

    def _evidence(
        self, plate: str, containers: list[str], cargo: str, direction: str, ends: dict[str, int], anomaly: str | None
    ) -> dict[str, Json]:
        chance = self.random
        seal = f"MN{chance.randrange(100000, 999999)}"
        declared = chance.randrange(58_000, 67_000)
        mass = declared + 17_000 + (9_400 if anomaly == "weight" else chance.randrange(-300, 300))
        evidence: dict[str, Json] = {
            "positioning": {"track": self.count, "axles": 6, "length_mm": 17_900, "alone": True},
            "plates": {"tractor": plate, "trailer": None, "parsed": True, "images": self._picture(plate, "front")},
            "container": {"numbers": containers, "valid": True, "size_types": ["22G1"] * len(containers), "damage": []},
            "seal": {"number": seal if anomaly != "seal" else "MN777013", "condition": "intact"},
            "weight": {"mass_kg": mass, "stable_frames": 12, "calibrated_until": 0, "zero_checked_at": 0},
            "radiation": {
                "gamma_alarm": anomaly == "radiation",
                "neutron_alarm": False,
                "gamma_peak_cps": 2140 if anomaly == "radiation" else chance.randrange(290, 330),
                "gamma_background_cps": 298,
                "fault": None,
            },
            "driver": {
                "commitment": "0" * 64,
                "document_valid": True,
                "document_expired": False,
                "nationality": "MNG",
                "expected": True,
                "face_score_pm": chance.randrange(880, 985),
                "liveness_pm": chance.randrange(930, 999),
                "fingerprint_score_pm": chance.randrange(800, 990),
                "occupants": 2 if anomaly == "crew" else 1,
                "announced_crew": 1,
            },
            "health": {
                "declared": True,
                "symptoms": False,
                "temperature_dc": chance.randrange(361, 369),
                "disinfected": True,
            },
            "papers": {
                "confirmation": f"QB{chance.randrange(10**9, 10**10)}",
                "load": "loaded",
                "cargo": cargo,
                "plate": plate,
                "containers": containers,
                "seals": [seal],
                "tare_kg": 17_000,
                "holds": [],
                "green_channel": cargo == "aquatic",
                "consignments": [{"number": "1", "hs_code": "2701121000", "declared_gross_kg": declared}],
            },
        }
        if containers:
            evidence["container"]["images"] = self._picture(containers[0], "side")
        for name, found in evidence.items():
            found["source"] = DEVICES[name]
            found["at"] = ends[name]
            found["confidence_pm"] = 1000 if name in {"positioning", "papers", "health"} else chance.randrange(930, 998)
        if anomaly == "plate":
            evidence["plates"]["confidence_pm"] = 620
        return evidence


def finding(anomaly: str | None, evidence: dict[str, Json]) -> Json | None:
    """Return the finding that an anomaly leads to."""
    if anomaly is None:
        return None
    papers = evidence["papers"]
    declared = papers["consignments"][0]["declared_gross_kg"] + papers["tare_kg"]
    mass = evidence["weight"]["mass_kg"]
    kinds: dict[str, tuple[str, str, str, Json]] = {
        "seal": (
            "seal.differs",
            "customs",
            "HOLD",
            {"read": evidence["seal"]["number"], "declared": papers["seals"][0]},
        ),
        "plate": (
            "plates.unsure",
            "site",
            "DIVERT_MANUAL",
            {"plate": evidence["plates"]["tractor"], "confidence_pm": 620, "least_pm": 800},
        ),
        "weight": (
            "weight.differs",
            "customs",
            "DIVERT_SCAN",
            {"measured_kg": mass, "expected_kg": declared, "allowed_kg": declared * 3 // 100},
        ),
        "radiation": ("radiation.gamma", "customs", "DIVERT_RADIATION", {}),
        "crew": ("driver.occupants", "border_inspection", "HOLD", {"occupants": 2, "announced": 1}),
    }
    code, authority, outcome, params = kinds[anomaly]
    return {
        "rule": code,
        "version": 3,
        "authority": authority,
        "outcome": outcome,
        "reason": {"code": code, "params": params},
    }
