"""Write the reference pages that come from the code: AsyncAPI of the devices' protocols, OpenAPI of the HTTP API."""

import pathlib

from kouan.protocols import asyncapi
from kouan.web import openapi

REFERENCE = pathlib.Path(__file__).resolve().parents[1] / "docs" / "reference"


def main() -> None:
    """Write both files; the tests compare them with what the code gives."""
    (REFERENCE / "asyncapi.yaml").write_text(asyncapi.text(), encoding="utf-8")
    (REFERENCE / "openapi.json").write_text(openapi.text(), encoding="utf-8")


main()
