"""Certificates, NKeys and the lists of who is good: what is made, kept, refused, and never shown."""

import json
import logging
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines import hub_users
from kouan.adapters.engines.broker_users import Identity, Kind, covers
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.device_identities import enrol, roster, write_broker_users
from kouan.adapters.engines.nats_server import user_rules
from kouan.adapters.engines.postgres import PostgresServer
from kouan.adapters.mqtt.link import MqttAddress
from kouan.adapters.nats.link import NatsAddress
from kouan.adapters.signing.certificates import DAY, LIFETIME, CertificateAuthority, certificate_in, client_context
from kouan.adapters.signing.files import new_secret, open_signer
from kouan.adapters.signing.nkeys import new_seed, open_seed, public_nkey
from kouan.adapters.signing.sealing import SealingKeys
from kouan.cli import app
from kouan.cli.logs import VARIABLE, set_up_logging
from kouan.simulator.http import Account
from kouan.vocabulary.errors import Conflict, Corrupt, InvalidValue, NotAllowed, NotFound
from kouan.web.services import OidcSettings
from kouan.wiring.settings import RunSettings

NOW = SystemClock().now()
LANE = Identity(Kind.LANE, "ganqimaodu", ("I3",))


def test_an_authority_is_made_once_and_signs_for_one_purpose_each(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    authority = CertificateAuthority.open(path, "kouan devices", NOW)
    assert CertificateAuthority.open(path, "another", NOW).certificate_pem == authority.certificate_pem
    assert path.stat().st_mode & 0o777 == 0o600
    uses = {
        "client": authority.client("box-I3.1", NOW),
        "server": authority.server(("broker.kouan", "127.0.0.1"), NOW),
    }
    for name, issued in uses.items():
        found = x509.load_pem_x509_certificate(issued.certificate_pem)
        usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert [each.dotted_string for each in usage] == ["1.3.6.1.5.5.7.3." + {"server": "1", "client": "2"}[name]]
        assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert issued.expires_at == NOW + LIFETIME


def test_a_certificate_s_key_is_shown_nowhere(tmp_path: Path) -> None:
    issued = CertificateAuthority.open(tmp_path / "ca.pem", "kouan", NOW).client("x", NOW)
    assert b"PRIVATE KEY" in issued.key_pem
    assert b"PRIVATE KEY" not in issued.certificate_pem
    assert issued.key_pem + issued.certificate_pem == issued.pem
    assert "PRIVATE" not in repr(issued)


def test_a_file_without_an_authority_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    path.chmod(0o600)
    with pytest.raises(Corrupt, match=r"ca\.pem"):
        CertificateAuthority.open(path, "x", NOW)
    with pytest.raises(Corrupt, match="no certificate"):
        certificate_in(path)
    with pytest.raises(NotFound):
        certificate_in(tmp_path / "none.pem")
    with pytest.raises(Corrupt):
        client_context(path)
    with pytest.raises(NotFound):
        client_context(tmp_path / "none.crt")
    open_signer(tmp_path / "signer.pem", "x")
    with pytest.raises(Corrupt, match="authority"):
        CertificateAuthority.open(tmp_path / "signer.pem", "x", NOW)


def test_a_client_s_settings_check_the_authority_and_the_name(tmp_path: Path) -> None:
    authority = CertificateAuthority.open(tmp_path / "ca.pem", "kouan", NOW)
    (tmp_path / "ca.crt").write_bytes(authority.certificate_pem)
    context = client_context(tmp_path / "ca.crt")
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1


def test_a_seed_is_kept_and_its_public_key_follows_from_it(tmp_path: Path) -> None:
    seed = open_seed(tmp_path / "x.nk")
    assert open_seed(tmp_path / "x.nk") == seed
    assert seed.startswith("SU")
    assert public_nkey(seed).startswith("U")
    # The pair in NATS's documentation (NKeys, nk -gen user -pubout) is the oracle of the encoding.
    known = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
    assert public_nkey(known) == "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"
    for wrong in ("", "SUX", "x" * 58, seed[:-1], seed.replace("SU", "SA", 1), "é" * 58):
        with pytest.raises(InvalidValue, match=r"nkey\.seed"):
            public_nkey(wrong)
    (tmp_path / "x.nk").chmod(0o644)
    with pytest.raises(NotAllowed):
        open_seed(tmp_path / "x.nk")


def test_nothing_allowed_is_written_as_everything_denied() -> None:
    assert user_rules((), ()) == {"publish": {"deny": [">"]}, "subscribe": {"deny": [">"]}}
    assert user_rules(("a",), ("b",))["publish"] == {"allow": ["a"], "deny": []}


@pytest.mark.parametrize(
    ("pattern", "subject", "covered"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", False),
        ("a.*", "a", False),
        ("a.*", "a.*", True),
        ("a.b", "a.*", False),
        ("a.*", "a.>", False),
        ("a.>", "a.>", True),
        ("a.>", "a.*.c", True),
        ("a.>", "a", False),
        (">", "a", True),
        ("*.b", "a.b", True),
    ],
)
def test_wildcards_cover_what_nats_says(pattern: str, subject: str, *, covered: bool) -> None:
    assert covers(pattern, subject) == covered


@pytest.mark.parametrize(
    "identity",
    [
        Identity(Kind.LANE, "ganqimaodu"),
        Identity(Kind.LANE, "ganqimaodu", ("*",)),
        Identity(Kind.LANE, "ganqimaodu", ("I3.>",)),
        Identity(Kind.LANE, "*", ("I3",)),
        Identity(Kind.LANE, "gan.qi", ("I3",)),
        Identity(Kind.AGENCY, "ganqimaodu"),
        Identity(Kind.AGENCY, "ganqimaodu", ("*",)),
        Identity(Kind.AGENCY, "ganqimaodu", ("customs", "site")),
        Identity(Kind.APPROACH, "ganqimaodu", ("I3",)),
        Identity(Kind.PLATFORM, ">"),
    ],
)
def test_no_identity_smuggles_a_wildcard_in(tmp_path: Path, identity: Identity) -> None:
    with pytest.raises(InvalidValue):
        enrol(DataFolder(tmp_path), "box", identity, NOW)
    assert roster(DataFolder(tmp_path)).items() == ()


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a/b", "x" * 41, "CN=x", 'x"', "口岸"])
def test_a_name_that_fits_no_certificate_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidValue, match=r"identity\.name"):
        enrol(DataFolder(tmp_path), name, LANE, NOW)


ADD = """
import sys
from pathlib import Path
from kouan.adapters.engines.broker_users import Identity, Kind
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.device_identities import enrol, write_broker_users
folder = DataFolder(sys.argv[1])
for number in range(10):
    enrol(folder, f"{sys.argv[2]}-{number}", Identity(Kind.LANE, "ganqimaodu", ("I3",)), int(sys.argv[3]))
    write_broker_users(folder, int(sys.argv[3]))
"""


def test_two_commands_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    enrol(folder, "first", LANE, NOW)
    commands = [subprocess.Popen([sys.executable, "-c", ADD, str(folder.path), name, str(NOW)]) for name in ("a", "b")]
    assert [each.wait(120) for each in commands] == [0, 0]
    names = {each.name for each in roster(folder).items()}
    assert names == {"first", *(f"{name}-{number}" for name in ("a", "b") for number in range(10))}
    users = (folder.path / "nats-users.conf").read_text()
    assert all(each.subject in users for each in roster(folder).items())


def test_a_damaged_list_is_named_and_nothing_is_let_in(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    enrol(folder, "box", LANE, NOW)
    (tmp_path / "devices.json").write_text("{")
    with pytest.raises(Corrupt, match=r"devices\.json"):
        write_broker_users(folder, NOW)
    assert not (tmp_path / "nats-users.conf").exists()


def test_the_hub_s_list_names_one_port_at_a_time(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    edge = hub_users.EnrolledEdge(port="ceke", nkey=public_nkey(new_seed()), ledger_key_pem="", enrolled_at=NOW)
    hub_users.add_edge(folder, edge)
    hub_users.write_hub_users(folder, public_nkey(new_seed()))
    users = json.loads((tmp_path / "hub-users.conf").read_text())["accounts"]["HUB"]["users"]
    allowed = [rule["allow"] for user in users[1:] for rule in user["permissions"].values()]
    assert [subject.split(".")[1] for subjects in allowed for subject in subjects] == ["ceke"] * 6


def test_the_passwords_of_addresses_are_kept_apart(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "data") as folder:
        folder.announce(url="http://x", dsn="postgresql://kouan:hunter2@127.0.0.1:1/kouan")
        folder.announce(port="ceke")
        assert "hunter2" not in (folder.path / "run.json").read_text()
        assert (folder.path / "secrets" / "run.json").stat().st_mode & 0o777 == 0o600
        found = DataFolder(folder.path).running().addresses
        assert found == {
            "url": "http://x",
            "port": "ceke",
            "dsn": "postgresql://kouan:hunter2@127.0.0.1:1/kouan",
        }
    assert not (folder.path / "secrets" / "run.json").exists()


def test_whether_a_folder_is_in_use_is_seen_from_outside(tmp_path: Path) -> None:
    assert not DataFolder(tmp_path / "data").in_use()
    with DataFolder(tmp_path / "data") as folder:
        assert folder.in_use()
        assert DataFolder(folder.path).in_use()
    assert not DataFolder(tmp_path / "data").in_use()


CANARY = "canary-2f6d0c"


@pytest.mark.parametrize(
    "made",
    [
        PostgresServer(1, CANARY),
        SealingKeys(CANARY.encode(), CANARY.encode()),
        Account("x", CANARY),
        NatsAddress("nats://x", CANARY, MqttAddress("x", 1)),
        RunSettings(database=f"postgresql://x:{CANARY}@y/z"),
        OidcSettings(issuer="x", client_id="x", client_secret=CANARY, redirect_url="x"),
    ],
    ids=lambda made: type(made).__name__,
)
def test_settings_and_addresses_show_no_secret(made: object) -> None:
    assert CANARY not in repr(made)
    assert CANARY not in str([made])


def test_a_new_secret_is_whole_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(TypeError), new_secret(tmp_path / "x") as file:
        file.write("text")  # type: ignore[arg-type]
    assert not (tmp_path / "x").exists()
    with pytest.raises(NotFound), new_secret(tmp_path / "none" / "x"):
        pass


def test_a_level_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "loud")
    with pytest.raises(InvalidValue, match="debug, info, warning, error"):
        set_up_logging()


def test_libraries_that_write_whole_headers_are_never_that_talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "debug")
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    set_up_logging()
    assert not logging.getLogger("httpcore.http11").isEnabledFor(logging.DEBUG)


@pytest.fixture
def kouan(tmp_path: Path) -> Callable[..., str]:
    """Run a command of kouan on one data folder; return what it printed, or raise what it failed with."""

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, [*words, "--data", str(tmp_path / "data")], env=dict(os.environ))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    return run


def test_a_device_is_enrolled_listed_renewed_and_revoked(kouan: Callable[..., str], tmp_path: Path) -> None:
    out = tmp_path / "box"
    said = json.loads(kouan("device", "enrol", "box", "--lane", "I3", "--lane", "I4", "--out", str(out), "--json"))
    assert said["subject"].startswith("CN=box.")
    assert said["in_force_at_once"] is False
    assert {path.name: path.stat().st_mode & 0o777 for path in out.iterdir()}["box.key"] == 0o600
    assert "PRIVATE" not in (out / "box.crt").read_text() + (out / "ca.crt").read_text()
    (out / "both.pem").write_bytes((out / "box.key").read_bytes() + (out / "box.crt").read_bytes())
    client_context(out / "ca.crt", out / "both.pem")
    with pytest.raises(Conflict, match="name a new file"):
        kouan("device", "enrol", "box", "--lane", "I3", "--out", str(out))
    kouan("device", "enrol", "box", "--lane", "I3", "--keep-old", "--out", str(tmp_path / "new"))
    listed = json.loads(kouan("device", "list", "--json"))["certificates"]
    assert [(each["name"], each["places"], each["days_left"] in (824, 825)) for each in listed] == [
        ("box", "I3 I4", True),
        ("box", "I3", True),
    ]
    assert json.loads(kouan("device", "revoke", "box", "--old", "--json"))["certificates"] == 1
    assert json.loads(kouan("device", "revoke", "box", "--json"))["certificates"] == 1
    assert json.loads(kouan("device", "list", "--json")) == {"certificates": []}
    assert len(json.loads(kouan("device", "list", "--all", "--json"))["certificates"]) == 2
    with pytest.raises(NotFound, match="box"):
        kouan("device", "revoke", "box")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), InvalidValue),
        (("--lane", "I3", "--approach"), InvalidValue),
        (("--lane", "Z9"), NotFound),
    ],
)
def test_a_device_has_one_place_that_exists(
    kouan: Callable[..., str], tmp_path: Path, options: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        kouan("device", "enrol", "box", *options, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_an_edge_is_enrolled_listed_and_revoked(kouan: Callable[..., str], tmp_path: Path) -> None:
    open_signer(tmp_path / "ledger.pem", "ledger:ceke")
    bundle, key = tmp_path / "bundle.json", str(tmp_path / "ledger.pem.pub")
    kouan("hub", "enrol", "ceke", "--ledger-key", key, "--out", str(bundle))
    assert bundle.stat().st_mode & 0o777 == 0o600
    seed = json.loads(bundle.read_bytes())["seed"]
    assert all(seed.encode() not in path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    with pytest.raises(Conflict, match="ceke is enrolled"):
        kouan("hub", "enrol", "ceke", "--ledger-key", key, "--out", str(tmp_path / "second.json"))
    assert not (tmp_path / "second.json").exists()
    kouan("hub", "revoke", "ceke")
    listed = json.loads(kouan("hub", "edges", "--json"))["edges"]
    assert [(each["port"], each["revoked_at"] is None) for each in listed] == [("ceke", False)]


def test_an_expired_certificate_is_listed_among_all_only(kouan: Callable[..., str], tmp_path: Path) -> None:
    enrol(DataFolder(tmp_path / "data"), "old", LANE, NOW - 900 * DAY)
    assert json.loads(kouan("device", "list", "--json")) == {"certificates": []}
    assert json.loads(kouan("device", "list", "--all", "--json"))["certificates"][0]["days_left"] < 0


def test_an_edge_s_ledger_key_must_be_one(kouan: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises(Corrupt, match="no public key"):
        kouan("hub", "enrol", "ceke", "--ledger-key", str(tmp_path / "key"), "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
