import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.protocols import jws
from kouan.protocols.jws import PrivateKeySigner
from kouan.vocabulary.errors import InvalidValue

RFC8037_KEY = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
RFC8037_SIGNED = (
    b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    b"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
"""RFC 8037, appendix A.1 and A.4: the key, and the signature over a header without ``kid`` and ``typ``."""

KEY = Ed25519PrivateKey.from_private_bytes(RFC8037_KEY)
SIGNER = PrivateKeySigner("platform:ganqimaodu", KEY)
KEYS = {SIGNER.key_id: SIGNER.public_key}
TYPE = "kouan-order+jws"
COMPACT = jws.sign(SIGNER, TYPE, b'{"a":1}')


def part(data: bytes | dict) -> bytes:
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def signed(header: bytes | dict, payload: bytes = b"{}") -> bytes:
    message = part(header) + b"." + part(payload)
    return message + b"." + part(KEY.sign(message))


def rule(compact: bytes, typ: str = TYPE, keys: dict | None = None) -> str:
    with pytest.raises(InvalidValue) as caught:
        jws.verify(KEYS if keys is None else keys, typ, compact)
    assert len(str(caught.value)) < 400
    return caught.value.rule


HEADER = {"alg": "EdDSA", "kid": SIGNER.key_id, "typ": TYPE}


def test_the_signature_is_that_of_the_standard():
    message, _, signature = RFC8037_SIGNED.rpartition(b".")
    assert part(KEY.sign(message)) == signature


def test_what_was_signed_is_read_back_with_the_key_that_signed_it():
    assert jws.verify(KEYS, TYPE, COMPACT) == (SIGNER.key_id, b'{"a":1}')
    assert jws.verify(KEYS, TYPE, signed(HEADER)) == (SIGNER.key_id, b"{}")


@given(st.binary(max_size=400))
def test_any_payload_comes_back_as_it_went(payload):
    assert jws.verify(KEYS, TYPE, jws.sign(SIGNER, TYPE, payload)) == (SIGNER.key_id, payload)


def test_every_flipped_bit_is_refused():
    for at in range(len(COMPACT)):
        for bit in range(8):
            flipped = bytearray(COMPACT)
            flipped[at] ^= 1 << bit
            assert rule(bytes(flipped)).startswith("jws.")


def test_every_cut_and_every_added_byte_is_refused():
    for at in range(len(COMPACT)):
        assert rule(COMPACT[:at])
    for added in (b"=", b"==", b"A", b".", b"\n", b" ", b"\x00"):
        assert rule(COMPACT + added)
        assert rule(added + COMPACT)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"alg": "none"}, "jws.algorithm"),
        ({"alg": "None"}, "jws.algorithm"),
        ({"alg": "HS256"}, "jws.algorithm"),
        ({"alg": "eddsa"}, "jws.algorithm"),
        ({"typ": "kouan-hold+jws"}, "jws.type"),
        ({"typ": TYPE.upper()}, "jws.type"),
        ({"kid": "platform:ceke"}, "jws.key"),
        ({"kid": ""}, "jws.form"),
        ({"kid": "k" * 200}, "jws.form"),
        ({"kid": None}, "jws.form"),
        ({"crit": ["exp"]}, "jws.form"),
        ({"jwk": {"kty": "OKP"}}, "jws.form"),
        ({"b64": False}, "jws.form"),
    ],
)
def test_a_good_signature_under_another_header_is_refused(changes, expected):
    assert rule(signed({**HEADER, **changes})) == expected


def test_a_header_without_kid_or_type_is_refused():
    for name in HEADER:
        assert rule(signed({key: value for key, value in HEADER.items() if key != name})) == "jws.form"


def test_an_unsigned_message_is_refused():
    unsigned = part({**HEADER, "alg": "none"}) + b"." + part(b"{}") + b"."
    assert rule(unsigned) == "jws.algorithm"
    assert rule(part(HEADER) + b"." + part(b"{}") + b".") == "jws.signature"


def test_padding_and_the_other_alphabet_are_refused():
    header, payload, signature = COMPACT.split(b".")
    assert rule(header + b"." + payload + b"." + signature + b"==") == "jws.form"
    assert rule(header + b"=." + payload + b"." + signature) == "jws.form"
    plain = signed(HEADER, b"\xfb\xff\xfe")
    assert b"-_" in plain.split(b".")[1]
    assert rule(plain.replace(b"-_", b"+/")) == "jws.form"


def test_a_second_spelling_of_the_same_signature_is_refused():
    last = COMPACT[-1:]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = alphabet.index(last)
    twin = alphabet[place + 1 : place + 2]
    assert base64.urlsafe_b64decode(b"AAA" + last)[:2] == base64.urlsafe_b64decode(b"AAA" + twin)[:2]
    assert rule(COMPACT[:-1] + twin) == "jws.form"


def test_a_message_signed_by_an_unknown_or_another_key_is_refused():
    stranger = PrivateKeySigner(SIGNER.key_id, Ed25519PrivateKey.generate())
    assert rule(jws.sign(stranger, TYPE, b"{}")) == "jws.signature"
    assert rule(COMPACT, keys={}) == "jws.key"


def test_parts_of_two_messages_do_not_make_a_third():
    one, two = COMPACT.split(b"."), jws.sign(SIGNER, TYPE, b'{"a":2}').split(b".")
    assert rule(b".".join([one[0], two[1], one[2]])) == "jws.signature"


@pytest.mark.parametrize("header", [b"{", b"[]", b"null", b"\xff", b"[" * 9000, b'{"alg":' * 1000])
def test_a_header_that_is_no_header_is_refused(header):
    assert rule(signed(header)) == "jws.form"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(st.binary(max_size=90).map(part), max_size=5).map(b".".join)))
def test_random_bytes_are_refused_by_name(compact):
    assert rule(compact).startswith("jws.")


def test_what_is_too_long_is_refused_unread_and_not_sent():
    assert rule(b"A" * (jws.MAX_BYTES + 1)) == "jws.size"
    with pytest.raises(InvalidValue, match=r"jws\.size"):
        jws.sign(SIGNER, TYPE, b"x" * jws.MAX_BYTES)
