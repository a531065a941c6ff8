"""Rule documents read from PostgreSQL; each method is the query of its name in ``queries/rules.sql``."""

from collections.abc import Sequence
from typing import Any

from kouan.adapters.postgres.database import Database
from kouan.inspection.rules.records import RuleRecord


class PostgresRuleRecords:
    """The RuleRecords role for one port; the columns of each query are the fields of the struct, in order."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def find(self, kind: str, name: str, version: int) -> RuleRecord | None:
        """Return one version of a document."""
        params = {"port": self._port, "kind": kind, "name": name, "version": version}
        row = await self._database.fetch_one("rules.find", params)
        return RuleRecord(*row) if row else None

    async def versions(self, kind: str, name: str) -> Sequence[RuleRecord]:
        """Return all versions of a document, by version."""
        return await self._all("rules.versions", kind=kind, name=name)

    async def everything(self) -> Sequence[RuleRecord]:
        """Return all versions of all documents, by kind, name and version."""
        return await self._all("rules.everything")

    async def _all(self, query: str, **params: Any) -> Sequence[RuleRecord]:
        return [RuleRecord(*row) for row in await self._database.fetch_all(query, {"port": self._port, **params})]
