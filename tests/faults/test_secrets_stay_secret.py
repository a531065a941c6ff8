"""No secret leaves its file: a port at its most talkative, through failures of every kind, then all is searched."""

import base64
import contextlib
import json
import os
import re
import secrets
import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.signing.certificates import client_context
from kouan.cli.logs import VARIABLE
from kouan.proving.running_port import API, RunningPort, processes_on
from kouan.wiring.keys import ledger_signer

PEM = re.compile(rb"-----BEGIN (?:EC )?PRIVATE KEY-----.*?-----END (?:EC )?PRIVATE KEY-----", re.DOTALL)
PATTERNS = (
    rb"(?i)set-cookie",
    rb"Bearer [\w-]{20,}",
    rb"PRIVATE KEY",
    rb"postgres(?:ql)?://[^:@/\s]+:[^@\s]+@",
    rb"\bSU[A-Z2-7]{56}\b",
)
"""What a secret that nobody has told this test of would stand beside."""

SECRET_FOLDERS = ("secrets", "keys", "field/keys")


def secrets_of(data: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every secret that a port keeps, as it is written and as it is."""
    for folder in SECRET_FOLDERS:
        for path in sorted((data / folder).glob("*")):
            if path.suffix in (".pub", ".crt"):
                continue
            assert path.stat().st_mode & 0o077 == 0, f"{path} may be read by others"
            content = path.read_bytes()
            pems = PEM.findall(content)
            for pem in pems:
                yield path.name, b"".join(pem.splitlines()[1:-1])[-40:]
                key = load_pem_private_key(pem, password=None)
                if b"BEGIN PRIVATE" in pem and hasattr(key, "private_bytes_raw"):
                    yield path.name, key.private_bytes_raw()
                yield path.name, key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            if path.name == "sealing.json":
                for value in json.loads(content).values():
                    yield path.name, bytes.fromhex(value)
            elif path.name == "run.json":
                yield path.name, unquote(urlsplit(json.loads(content)["addresses"]["dsn"]).password or "").encode()
            elif not pems:
                yield path.name, content.strip()


def spellings(secret: bytes) -> set[bytes]:
    """Return the ways in which a secret may stand somewhere."""
    text = base64.b64encode(secret).rstrip(b"=")
    return {
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        text,
        base64.urlsafe_b64encode(secret).rstrip(b"="),
        quote(secret).encode(),
        repr(secret)[2:-1].encode(),
    }


def leaks(wanted: Mapping[str, set[bytes]], places: Iterator[tuple[str, bytes]]) -> set[str]:
    """Return which secrets stand where."""
    return {
        f"{name} stands in {place}"
        for place, content in places
        for name, written in wanted.items()
        if any(each in content for each in written)
    }


def everything_else(port: RunningPort) -> Iterator[tuple[str, bytes]]:
    """Yield all that the port wrote outside of its secrets: output, logs, databases."""
    yield "standard error", port.log.read_bytes()
    yield "standard output", port.data.with_name(f"{port.data.name}.out").read_bytes()
    kept = [port.data / folder for folder in SECRET_FOLDERS]
    for path in port.data.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(folder) for folder in kept):
            yield str(path.relative_to(port.data)), path.read_bytes()


def command_lines(port: RunningPort) -> Iterator[tuple[str, bytes]]:
    """Yield how the port's processes were called, and their environments."""
    for pid in processes_on(port.data):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                yield f"{name} of {pid}", Path(f"/proc/{pid}/{name}").read_bytes()


def sign_in(url: str, canaries: dict[str, bytes]) -> None:
    """Sign in, and fail to: with a wrong password, a wrong token, a wrong cookie, and by an unreadable request."""
    for name in ("typed_password", "typed_token", "typed_cookie"):
        canaries[name] = f"canary-{secrets.token_urlsafe(24)}".encode()
    with httpx.Client(base_url=url + API, timeout=30, headers={"x-kouan-csrf": "1"}) as client:
        wrong = {"username": "demo", "password": canaries["typed_password"].decode()}
        assert client.post("/session", json=wrong).status_code in (401, 403)
        assert client.post("/session", json={**wrong, "username": 7}).status_code in (400, 422)
        bearer = {"authorization": f"Bearer {canaries['typed_token'].decode()}"}
        assert client.get("/overview", headers=bearer).status_code in (401, 403, 404)
        cookie = {"cookie": f"kouan_session={canaries['typed_cookie'].decode()}"}
        assert client.get("/accounts", headers=cookie).status_code in (401, 403)
        client.post("/session", json={"username": "demo", "password": "kouan-demo"}).raise_for_status()
        for name, value in client.cookies.items():
            canaries[f"cookie {name}"] = value.encode()
        client.get("/accounts")


def disturb_the_broker(data: Path) -> None:
    """Come in the clear, without a certificate, and with one that claims what it may not."""
    host, _, tcp_port = str(DataFolder(data).running().addresses["mqtt"]).rpartition(":")
    with socket.create_connection((host, int(tcp_port)), timeout=5) as plain:
        plain.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04bare")
    authority, own = data / "keys" / "devices-ca.crt", data / "field" / "keys" / "mqtt-lane-I1.pem"
    for context in (client_context(authority), client_context(authority, own)):
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host, int(tcp_port)), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=host) as line,
        ):
            line.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04mine")
            line.recv(4)
            line.sendall(b"\x30\x0b\x00\x07not/allx!!")
            line.recv(1)
    with contextlib.suppress(ssl.SSLError, OSError), socket.create_connection((host, int(tcp_port)), timeout=5) as raw:
        ssl.create_default_context().wrap_socket(raw, server_hostname=host)


def open_a_hub(hub: RunningPort, data: Path) -> tuple[Path, str]:
    """Open a hub at which the port on ``data`` is enrolled; return the port's bundle, and where the hub is."""
    ledger_signer(data, "ganqimaodu")
    bundle = data.with_name("bundle.json")
    enrol = ("--ledger-key", str(data / "keys" / "ledger.pem.pub"), "--out", str(bundle))
    enrolled = hub.command("hub", "enrol", "ganqimaodu", *enrol)
    assert enrolled.returncode == 0, enrolled.stderr
    hub.launch()
    hub.wait_until(hub.is_open, "the hub is open")
    return bundle, str(DataFolder(hub.data).running().addresses["hub_url"])


@pytest.mark.slow
def test_no_secret_stands_outside_its_file(tmp_path: Path) -> None:
    env = {**os.environ, VARIABLE: "debug"}
    with RunningPort(tmp_path / "hub", "--role", "hub", env=env) as hub:
        bundle, url = open_a_hub(hub, tmp_path / "data")
        edge = ("--role", "edge", "--hub", url, "--credentials", str(bundle))
        with RunningPort(tmp_path / "data", "--speed", "5", *edge, env=env) as port:
            port.start()
            canaries = {"the edge's seed": json.loads(bundle.read_bytes())["seed"].encode()}
            sign_in(port.url, canaries)
            disturb_the_broker(port.data)
            kept = [*secrets_of(port.data), *secrets_of(hub.data)]
            wanted = {f"{name} {number}": spellings(secret) for number, (name, secret) in enumerate(kept)}
            wanted |= {name: spellings(secret) for name, secret in canaries.items()}
            assert len(wanted) > 80
            assert all(len(min(written, key=len)) >= 16 for written in wanted.values())
            lines = [*command_lines(port), *command_lines(hub)]
            for name in ("postgres", "nats", "lane-controller", "field"):
                port.kill_child(name)
            hub.kill_child("hub-nats")
            port.wait_until(lambda: port.child("field") is not None and port.cleared() >= 1, "the port lives again")
            assert port.command("device", "revoke", "lane-I1").returncode == 0
            assert port.command("user", "token", "demo").returncode == 1
            assert hub.command("hub", "revoke", "ganqimaodu").returncode == 0
            port.interrupt()
            hub.interrupt()
            places = [*everything_else(port), *everything_else(hub)]
            assert leaks(wanted, iter([*lines, *places])) == set()
            said = b"".join(content for name, content in places if name.startswith(("logs/", "standard")))
            assert [pattern for pattern in PATTERNS if re.search(pattern, said)] == []
            assert b" DEBUG " in said


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    secret = secrets.token_bytes(32)
    for written in spellings(secret):
        assert leaks({"x": spellings(secret)}, iter([("log", b"before " + written + b" after")])) == {"x stands in log"}
    assert leaks({"x": spellings(secret)}, iter([("log", b"before after")])) == set()
