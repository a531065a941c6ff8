"""Targeting read from the in-memory tables."""

from collections.abc import Mapping, Sequence

import msgspec

from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.records import Records
from kouan.inspection.targeting.budget import Budget, Spent
from kouan.inspection.targeting.profiles import Profile
from kouan.inspection.targeting.records import CandidateRecord, ModelRecord, NoticeRecord, WatchRecord
from kouan.vocabulary.clock import Instant


class MemoryTargetingRecords:
    """The TargetingRecords role for one port."""

    def __init__(self, disk: MemoryDisk, port: str) -> None:
        self._records = Records(disk, port)

    async def find_candidate(self, number: str) -> CandidateRecord | None:
        """Return one candidate."""
        return self._records.one("targeting_candidates", CandidateRecord, number)

    async def candidate_of_order(self, order_number: str) -> CandidateRecord | None:
        """Return the candidate for which a control order was placed."""
        found = self._records.where("targeting_candidates", CandidateRecord, "order_number", order_number)
        return found[0] if found else None

    async def selected(self, limit: int) -> Sequence[CandidateRecord]:
        """Return the candidates that were selected last, newest first."""
        return [record for record in reversed(self._candidates()) if record.source is not None][:limit]

    async def unordered(self) -> Sequence[CandidateRecord]:
        """Return the selected candidates whose control order does not stand yet, oldest first."""
        return [
            record
            for record in self._candidates()
            if record.source is not None
            and record.result_at is None
            and self._records.row("papers_orders", record.order_number) is None
        ]

    async def latest(self, limit: int) -> Sequence[CandidateRecord]:
        """Return the candidates that were judged last, newest first."""
        return self._candidates()[: -limit - 1 : -1]

    async def examined(self, since: Instant) -> Sequence[CandidateRecord]:
        """Return the candidates judged since an instant that have a result, oldest first."""
        return [record for record in self._candidates() if record.judged_at >= since and record.result_at is not None]

    async def count_judged(self, since: Instant, until: Instant) -> int:
        """Return how many candidates were judged from one instant to before another."""
        rows = self._records.rows("targeting_candidates")
        return sum(since <= row["judged_at"] < until for row in rows)

    async def recent_scores(self, model: str, limit: int) -> Sequence[int]:
        """Return the scores that a model gave last, newest first."""
        found = self._records.rows_where("targeting_candidates", "model", model)
        found.sort(key=lambda row: (row["judged_at"], row["number"]), reverse=True)
        return [row["score_ppm"] for row in found[:limit] if row["score_ppm"] is not None]

    async def profiles(self, keys: Sequence[str]) -> Mapping[str, Profile]:
        """Return the profiles among these keys."""
        found = (self._records.one("targeting_profiles", Profile, key) for key in sorted(set(keys)))
        return {profile.key: profile for profile in found if profile is not None}

    async def budget(self, kind: str, at: Instant) -> Budget | None:
        """Return the budget of a kind of examination that is in force at an instant."""
        of_kind = self._records.where("targeting_budgets", Budget, "kind", kind)
        began = [budget for budget in of_kind if budget.effective_from <= at]
        return max(began, key=lambda each: (each.effective_from, each.set_at, each.number), default=None)

    async def spent(self, kind: str, period: Instant) -> Spent:
        """Return what has been spent in a period."""
        return self._records.one("targeting_spent", Spent, kind, period) or Spent(kind, period)

    async def watched(self, at: Instant) -> Sequence[WatchRecord]:
        """Return the watch list as it holds at an instant, by number."""
        listed = self._records.all("targeting_watched", WatchRecord)
        holding = [each for each in listed if each.placed_at <= at and (each.until is None or each.until > at)]
        return sorted(holding, key=lambda each: each.number)

    async def find_model(self, version: str) -> ModelRecord | None:
        """Return one model with its artefact."""
        return self._records.one("targeting_models", ModelRecord, version)

    async def active_model(self) -> ModelRecord | None:
        """Return the model in force with its artefact."""
        active = self._records.where("targeting_models", ModelRecord, "state", "active")
        return active[0] if active else None

    async def models(self, limit: int) -> Sequence[ModelRecord]:
        """Return the models handed in last without their artefacts, newest first."""
        found = self._records.all("targeting_models", ModelRecord)
        found.sort(key=lambda record: (record.handed_in_at, record.version), reverse=True)
        return [msgspec.structs.replace(record, artefact=b"") for record in found[:limit]]

    async def notices(self, limit: int) -> Sequence[NoticeRecord]:
        """Return the notices of drift, newest first."""
        found = self._records.all("targeting_notices", NoticeRecord)
        return sorted(found, key=lambda record: (record.at, record.number), reverse=True)[:limit]

    def _candidates(self) -> list[CandidateRecord]:
        found = self._records.all("targeting_candidates", CandidateRecord)
        return sorted(found, key=lambda record: (record.judged_at, record.number))
