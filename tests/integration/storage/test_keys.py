"""Keys in files, and sealing under them."""

import stat
from pathlib import Path

import pytest

from kouan.adapters.signing.files import load_public_key, load_public_keys, open_sealing_keys, open_signer, public_path
from kouan.adapters.signing.sealing import Sealed, Sealer, SealingKeys
from kouan.ledger.roles import Personal
from kouan.protocols.jws import sign, verify
from kouan.vocabulary.errors import Corrupt, NotAllowed, NotFound

KEYS = SealingKeys(b"w" * 32, b"p" * 32)


def test_a_signing_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "platform.pem"
    signer = open_signer(path, "platform:ganqimaodu")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_signer(path, "platform:ganqimaodu").sign(b"x") == signer.sign(b"x")
    keys = load_public_keys({"platform:ganqimaodu": public_path(path)})
    assert verify(keys, "t", sign(signer, "t", b"payload")) == ("platform:ganqimaodu", b"payload")
    assert sorted(found.name for found in path.parent.iterdir()) == ["platform.pem", "platform.pem.pub"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    for path, opened in ((tmp_path / "a.pem", lambda p: open_signer(p, "x")), (tmp_path / "b.json", open_sealing_keys)):
        opened(path)
        path.chmod(0o644)
        with pytest.raises(NotAllowed):
            opened(path)


def test_a_file_that_holds_no_key_is_corrupt(tmp_path: Path) -> None:
    for name in ("a.pem", "b.json", "c.pub"):
        (tmp_path / name).write_bytes(b"{}")
        (tmp_path / name).chmod(0o600)
    with pytest.raises(Corrupt):
        open_signer(tmp_path / "a.pem", "x")
    with pytest.raises(Corrupt):
        open_sealing_keys(tmp_path / "b.json")
    with pytest.raises(Corrupt):
        load_public_key(tmp_path / "c.pub")
    with pytest.raises(NotFound):
        load_public_key(tmp_path / "d.pub")


def test_sealing_keys_stay_the_same(tmp_path: Path) -> None:
    assert open_sealing_keys(tmp_path / "k") == open_sealing_keys(tmp_path / "k")
    assert open_sealing_keys(tmp_path / "k") != open_sealing_keys(tmp_path / "l")


def test_what_is_sealed_opens_only_with_its_keys_in_its_place() -> None:
    sealer = Sealer(KEYS)
    personal = Personal("subject", b"salt", b"payload")
    wrapped = sealer.new_wrapped_key("subject")
    sealed = sealer.seal(personal, wrapped)
    assert sealer.open(sealed, wrapped) == b"payload"
    assert b"payload" not in sealed.ciphertext
    wrong = (
        (Sealer(SealingKeys(b"x" * 32, b"p" * 32)), sealed, wrapped),
        (sealer, sealed, sealer.new_wrapped_key("subject")),
        (sealer, Sealed(sealed.commitment, "another", sealed.nonce, sealed.ciphertext), wrapped),
        (sealer, Sealed("0" * 64, "subject", sealed.nonce, sealed.ciphertext), wrapped),
        (sealer, Sealed(sealed.commitment, "subject", sealed.nonce, sealed.ciphertext[:-1] + b"\0"), wrapped),
    )
    for opener, what, key in wrong:
        with pytest.raises(Corrupt):
            opener.open(what, key)


def test_an_identity_is_not_found_without_the_pepper() -> None:
    assert Sealer(KEYS).fingerprint("E1") == Sealer(KEYS).fingerprint("E1")
    assert Sealer(KEYS).fingerprint("E1") != Sealer(SealingKeys(b"w" * 32, b"q" * 32)).fingerprint("E1")
