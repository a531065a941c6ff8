"""Targeting read from PostgreSQL; each method is the query of its name in ``queries/targeting.sql``."""

from collections.abc import Mapping, Sequence
from typing import Any

from kouan.adapters.postgres.database import Database
from kouan.inspection.targeting.budget import Budget, Spent
from kouan.inspection.targeting.profiles import Profile
from kouan.inspection.targeting.records import CandidateRecord, ModelRecord, NoticeRecord, WatchRecord
from kouan.vocabulary.clock import Instant


class PostgresTargetingRecords:
    """The TargetingRecords role for one port; the columns of each query are the fields of the struct, in order."""

    def __init__(self, database: Database, port: str) -> None:
        self._database = database
        self._port = port

    async def find_candidate(self, number: str) -> CandidateRecord | None:
        """Return one candidate."""
        row = await self._one("targeting.find_candidate", number=number)
        return CandidateRecord(*row) if row else None

    async def candidate_of_order(self, order_number: str) -> CandidateRecord | None:
        """Return the candidate for which a control order was placed."""
        row = await self._one("targeting.candidate_of_order", order_number=order_number)
        return CandidateRecord(*row) if row else None

    async def selected(self, limit: int) -> Sequence[CandidateRecord]:
        """Return the candidates that were selected last, newest first."""
        return [CandidateRecord(*row) for row in await self._all("targeting.selected", limit=limit)]

    async def unordered(self) -> Sequence[CandidateRecord]:
        """Return the selected candidates whose control order does not stand yet, oldest first."""
        return [CandidateRecord(*row) for row in await self._all("targeting.unordered")]

    async def latest(self, limit: int) -> Sequence[CandidateRecord]:
        """Return the candidates that were judged last, newest first."""
        return [CandidateRecord(*row) for row in await self._all("targeting.latest", limit=limit)]

    async def examined(self, since: Instant) -> Sequence[CandidateRecord]:
        """Return the candidates judged since an instant that have a result, oldest first."""
        return [CandidateRecord(*row) for row in await self._all("targeting.examined", since=since)]

    async def count_judged(self, since: Instant, until: Instant) -> int:
        """Return how many candidates were judged from one instant to before another."""
        row = await self._one("targeting.count_judged", since=since, until=until)
        return int(row[0]) if row else 0

    async def recent_scores(self, model: str, limit: int) -> Sequence[int]:
        """Return the scores that a model gave last, newest first."""
        return [int(row[0]) for row in await self._all("targeting.recent_scores", model=model, limit=limit)]

    async def profiles(self, keys: Sequence[str]) -> Mapping[str, Profile]:
        """Return the profiles among these keys."""
        found = [Profile(*row) for row in await self._all("targeting.profiles", keys=list(keys))]
        return {profile.key: profile for profile in found}

    async def budget(self, kind: str, at: Instant) -> Budget | None:
        """Return the budget of a kind of examination that is in force at an instant."""
        row = await self._one("targeting.budget", kind=kind, at=at)
        return Budget(*row) if row else None

    async def spent(self, kind: str, period: Instant) -> Spent:
        """Return what has been spent in a period."""
        row = await self._one("targeting.spent", kind=kind, period=period)
        return Spent(*row) if row else Spent(kind, period)

    async def watched(self, at: Instant) -> Sequence[WatchRecord]:
        """Return the watch list as it holds at an instant, by number."""
        return [WatchRecord(*row) for row in await self._all("targeting.watched", at=at)]

    async def find_model(self, version: str) -> ModelRecord | None:
        """Return one model with its artefact."""
        row = await self._one("targeting.find_model", version=version)
        return ModelRecord(*row) if row else None

    async def active_model(self) -> ModelRecord | None:
        """Return the model in force with its artefact."""
        row = await self._one("targeting.active_model")
        return ModelRecord(*row) if row else None

    async def models(self, limit: int) -> Sequence[ModelRecord]:
        """Return the models handed in last without their artefacts, newest first."""
        return [ModelRecord(*row) for row in await self._all("targeting.models", limit=limit)]

    async def notices(self, limit: int) -> Sequence[NoticeRecord]:
        """Return the notices of drift, newest first."""
        return [NoticeRecord(*row) for row in await self._all("targeting.notices", limit=limit)]

    async def _all(self, name: str, **params: Any) -> Sequence[tuple[Any, ...]]:
        return await self._database.fetch_all(name, {"port": self._port, **params})

    async def _one(self, name: str, **params: Any) -> tuple[Any, ...] | None:
        return await self._database.fetch_one(name, {"port": self._port, **params})
