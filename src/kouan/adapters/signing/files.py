"""Keys in files: made once with mode 0600, read back, refused where others may read them."""

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from kouan.adapters.folders import sync_folder
from kouan.adapters.signing.sealing import KEY_BYTES, Entropy, SealingKeys
from kouan.protocols.jws import PrivateKeySigner
from kouan.vocabulary.errors import Conflict, Corrupt, NotAllowed, NotFound


def open_signer(path: Path, key_id: str) -> PrivateKeySigner:
    """Return the signer whose Ed25519 key stands in a file (PEM, PKCS#8); make the file where there is none.

    The public key is written beside it (``.pub``). Raises NotAllowed where others may read the file, Corrupt where it
    holds no Ed25519 key.
    """
    if not path.exists():
        create_once(path, _private_pem(Ed25519PrivateKey.generate()))
    try:
        key = load_pem_private_key(read_secret(path), password=None)
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise Corrupt(f"{path} holds no private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Corrupt(f"{path} holds a key of another kind than Ed25519")
    public = public_path(path)
    if not public.exists():
        create_once(public, public_pem(key.public_key()), mode=0o644)
    return PrivateKeySigner(key_id, key)


def public_path(path: Path) -> Path:
    """Return where the public key of a private key's file stands."""
    return path.with_suffix(path.suffix + ".pub")


def public_pem(key: Ed25519PublicKey) -> bytes:
    """Return a public key as PEM (SubjectPublicKeyInfo, RFC 8410)."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Return the Ed25519 public key in a PEM file; raise NotFound or Corrupt."""
    try:
        return parse_public_key(path.read_bytes(), str(path))
    except FileNotFoundError as error:
        raise NotFound(f"there is no public key {path}") from error


def parse_public_key(pem: bytes, where: str) -> Ed25519PublicKey:
    """Return the Ed25519 public key in PEM that stands at ``where``; raise Corrupt where it is none."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Corrupt(f"{where} holds no public key: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Corrupt(f"{where} holds a key of another kind than Ed25519")
    return key


def load_public_keys(paths: Mapping[str, Path]) -> Mapping[str, Ed25519PublicKey]:
    """Return public keys by key id, read from the file of each; raise NotFound or Corrupt."""
    return {key_id: load_public_key(path) for key_id, path in paths.items()}


def open_sealing_keys(path: Path, entropy: Entropy = os.urandom) -> SealingKeys:
    """Return the keys that seal personal data; make the file where there is none.

    Whoever loses this file loses all personal data; it belongs into another backup than the database's. Raises
    NotAllowed where others may read the file, Corrupt where it does not hold two 32-byte keys.
    """
    if not path.exists():
        fresh = {"wrapping": entropy(KEY_BYTES).hex(), "pepper": entropy(KEY_BYTES).hex()}
        create_once(path, json.dumps(fresh).encode() + b"\n")
    try:
        found = json.loads(read_secret(path))
        keys = SealingKeys(bytes.fromhex(found["wrapping"]), bytes.fromhex(found["pepper"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt(f"{path} does not hold the sealing keys: {error!r}") from error
    if len(keys.wrapping) != KEY_BYTES or len(keys.pepper) != KEY_BYTES:
        raise Corrupt(f"{path} does not hold two keys of {KEY_BYTES} bytes")
    return keys


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def create_once(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file that appears whole or not at all, unless it exists; it is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _link_unless_exists(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)


def _link_unless_exists(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return  # another process made it a moment earlier: its key counts


@contextlib.contextmanager
def new_secret(path: Path) -> Iterator[BinaryIO]:
    """Open a new file (mode 0600) for a secret that is handed out; no file is left where the block fails.

    Raises Conflict where there is a file already, NotFound where its folder is missing.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Conflict(f"{path} exists: name a new file") from error
    except FileNotFoundError as error:
        raise NotFound(f"there is no folder {path.parent}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise


def read_secret(path: Path) -> bytes:
    """Return what stands in a secret's file; raise NotAllowed where others may read it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise NotAllowed(f"{path} may be read by others (mode {mode:04o}): set it to 0600, and replace the key")
    return path.read_bytes()
