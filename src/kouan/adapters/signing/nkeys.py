"""NKeys: the Ed25519 keys by which NATS clients prove who they are, without a secret on the wire.

The server sends a nonce and checks its signature against the public key in its configuration. A seed is written
``SU…``, a public key ``U…`` (base32, with a checksum).
"""

import os
from collections.abc import Callable
from pathlib import Path

import nkeys

from kouan.adapters.signing.files import create_once, read_secret
from kouan.vocabulary.errors import Corrupt, InvalidValue

SEED_BYTES = 32
"""Length of an Ed25519 seed (RFC 8032)."""


def new_seed(entropy: Callable[[int], bytes] = os.urandom) -> str:
    """Return a fresh seed of a user."""
    return str(nkeys.encode_seed(entropy(SEED_BYTES), nkeys.PREFIX_BYTE_USER).decode("ascii"))


def public_nkey(seed: str) -> str:
    """Return the public key of a user's seed; raise InvalidValue where it is none."""
    try:
        key = nkeys.from_seed(bytearray(seed.strip(), "ascii")).public_key.decode("ascii")
    except (nkeys.NkeysError, ValueError) as error:
        raise InvalidValue("seed", "nkey.seed", "must be the seed of a NATS user, as in SU…") from error
    if not key.startswith("U"):
        raise InvalidValue("seed", "nkey.seed", "must be the seed of a NATS user, as in SU…")
    return str(key)


def open_seed(path: Path) -> str:
    """Return the seed in a file, made (mode 0600) where there is none; raise NotAllowed or Corrupt."""
    if not path.exists():
        create_once(path, f"{new_seed()}\n".encode("ascii"))
    seed = read_secret(path).decode("ascii", "replace").strip()
    try:
        public_nkey(seed)
    except InvalidValue as error:
        raise Corrupt(f"{path} holds no NKey seed") from error
    return seed
