"""Rule documents read from the in-memory tables."""

from collections.abc import Sequence

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.inspection.rules.records import RuleRecord


class MemoryRuleRecords:
    """The RuleRecords role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._records = Records(disk, port)

    async def find(self, kind: str, name: str, version: int) -> RuleRecord | None:
        """Return one version of a document."""
        return self._records.one("rules_documents", RuleRecord, kind, name, version)

    async def versions(self, kind: str, name: str) -> Sequence[RuleRecord]:
        """Return all versions of a document, by version."""
        return [record for record in await self.everything() if (record.kind, record.name) == (kind, name)]

    async def everything(self) -> Sequence[RuleRecord]:
        """Return all versions of all documents, by kind, name and version."""
        found = self._records.all("rules_documents", RuleRecord)
        return sorted(found, key=lambda record: (record.kind, record.name, record.version))
