"""Write the reference pages that come from the code: AsyncAPI of the devices' protocols, OpenAPI of the HTTP APIs.

And the invariants, with their checkers and the bugs that prove them, and the ledger's entries with who reads them.
"""

import pathlib

from kouan.protocols import asyncapi
from kouan.proving.planted import page
from kouan.web import entry_page, openapi

REFERENCE = pathlib.Path(__file__).resolve().parents[1] / "docs" / "reference"


def main() -> None:
    """Write the files; the tests compare them with what the code gives."""
    (REFERENCE / "asyncapi.yaml").write_text(asyncapi.text(), encoding="utf-8")
    (REFERENCE / "invariants.md").write_text(page.text(), encoding="utf-8")
    (REFERENCE / "entries.md").write_text(entry_page.text(), encoding="utf-8")
    (REFERENCE / "openapi.json").write_text(openapi.text(openapi.document()), encoding="utf-8")
    (REFERENCE / "openapi-hub.json").write_text(openapi.text(openapi.hub_document()), encoding="utf-8")


main()
