"""The identity provider that a port's people sign in through: one small TOML file, kept secret like a key."""

import tomllib
from pathlib import Path

import msgspec

from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.web.services import OidcSettings


def load_identity_provider(path: Path) -> OidcSettings:
    """Return the identity provider that a file describes, by the fields of ``OidcSettings``.

    Raises NotFound where there is no file, InvalidValue naming the rule where it is not one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path} that describes an identity provider") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue("oidc", "oidc.toml", f"is not TOML: {error}") from error
    unknown = sorted(document.keys() - OidcSettings.__dataclass_fields__.keys())
    if unknown:
        raise InvalidValue(f"oidc.{unknown[0]}", "oidc.unknown", "is no field of an identity provider's file")
    try:
        return msgspec.convert(document, OidcSettings)
    except msgspec.ValidationError as error:
        raise InvalidValue("oidc", "oidc.shape", str(error)) from error
