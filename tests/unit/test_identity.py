"""The file that describes an identity provider is read, and every mistake in it is named."""

from pathlib import Path

import pytest

from kouan.access.people import Agency, Role
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.wiring.identity import load_identity_provider

GOOD = """
issuer = "https://id.example.org"
client_id = "kouan"
client_secret = "secret"
redirect_url = "https://port.example.org/api/v1/auth/oidc/callback"
roles = { inspectors = "inspector" }
agencies = { customs = "customs" }
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "oidc.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_groups_stand_for_roles_and_agencies_of_this_port(tmp_path: Path) -> None:
    found = load_identity_provider(written(tmp_path, GOOD))
    assert found.roles == {"inspectors": Role.INSPECTOR}
    assert found.agencies == {"customs": Agency.CUSTOMS}
    assert found.roles_claim == "roles"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("issuer = ", "oidc.toml"),
        (GOOD + 'colour = "blue"', "oidc.unknown"),
        (GOOD.replace('"inspector"', '"king"'), "oidc.shape"),
        ('issuer = "https://id.example.org"', "oidc.shape"),
    ],
)
def test_a_mistake_in_the_file_is_named_by_its_rule(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        load_identity_provider(written(tmp_path, text))
    assert refused.value.rule == rule


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_identity_provider(tmp_path / "none.toml")
