"""A place that remembers candidates, budgets, watch lists, models and what is known of firms, plates, goods and routes.

The named changes to projections (``Statement.name`` of ``ledger.roles``) that the use cases put into their units:

============================ ==================================================================================
``targeting.judge``          guard: insert a ``CandidateRecord``, or replace that of the same ``number`` where it
                             passed and its ``digest`` differs; else refused
``targeting.spend``          guard: add 1 to ``used`` of (``kind``, ``period``) where it is below ``most``
``targeting.count``          effect: add ``used`` and ``seen`` to (``kind``, ``period``)
``targeting.add_profile``    effect: add a ``profiles.Addition`` to the profile of its ``key``
``targeting.note_result``    guard: set ``found`` and ``result_at`` where ``number`` was selected and has no result
``targeting.set_budget``     guard: insert a ``budget.Budget``; refused if ``number`` exists
``targeting.watch``          guard: insert a ``WatchRecord``; refused if ``number`` exists
``targeting.unwatch``        guard: delete the ``WatchRecord`` of ``number``, placed by ``authority``
``targeting.keep_model``     guard: insert a ``ModelRecord``; refused if ``version`` exists
``targeting.propose_model``  guard: set ``state`` ``proposed`` and ``proposed_by`` = ``by`` where ``version`` passed
                             and is not active
``targeting.retire_models``  guard that never refuses: set ``state`` ``retired`` where it is ``active``
``targeting.activate_model`` guard: set ``state`` ``active``, ``activated_by`` = ``by`` and ``activated_at`` = ``at``
                             where ``version`` is proposed by somebody else
``targeting.notice``         guard: insert a ``NoticeRecord``; refused if ``number`` exists
``targeting.acknowledge``    guard: set ``acknowledged_by`` = ``by`` where ``number`` has none
============================ ==================================================================================

The parameters of a statement that writes a record are the record's fields (``records.params_of``); those of the
others are the names in the table.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from kouan.inspection.targeting.budget import Budget, Spent
from kouan.inspection.targeting.profiles import Profile
from kouan.inspection.targeting.records import CandidateRecord, ModelRecord, NoticeRecord, WatchRecord
from kouan.vocabulary.clock import Instant


class TargetingRecords(Protocol):
    """Reads targeting's projections of one port; they are written only by statements in ledger units."""

    async def find_candidate(self, number: str) -> CandidateRecord | None:
        """Return one candidate."""
        ...

    async def candidate_of_order(self, order_number: str) -> CandidateRecord | None:
        """Return the candidate for which a control order was placed."""
        ...

    async def selected(self, limit: int) -> Sequence[CandidateRecord]:
        """Return the candidates that were selected last, newest first (then by number)."""
        ...

    async def unordered(self) -> Sequence[CandidateRecord]:
        """Return the selected candidates whose control order does not stand yet, oldest first (then by number)."""
        ...

    async def latest(self, limit: int) -> Sequence[CandidateRecord]:
        """Return the candidates that were judged last, newest first (then by number)."""
        ...

    async def examined(self, since: Instant) -> Sequence[CandidateRecord]:
        """Return the candidates judged since an instant that have a result, oldest first (then by number)."""
        ...

    async def count_judged(self, since: Instant, until: Instant) -> int:
        """Return how many candidates were judged from one instant to before another."""
        ...

    async def recent_scores(self, model: str, limit: int) -> Sequence[int]:
        """Return the scores that a model gave last, newest first (then by number of candidate)."""
        ...

    async def profiles(self, keys: Sequence[str]) -> Mapping[str, Profile]:
        """Return the profiles among these keys."""
        ...

    async def budget(self, kind: str, at: Instant) -> Budget | None:
        """Return the budget of a kind of examination that is in force at an instant: the one set last for it."""
        ...

    async def spent(self, kind: str, period: Instant) -> Spent:
        """Return what has been spent in a period; nothing, where nothing is known of it."""
        ...

    async def watched(self, at: Instant) -> Sequence[WatchRecord]:
        """Return the watch list as it holds at an instant, by number."""
        ...

    async def find_model(self, version: str) -> ModelRecord | None:
        """Return one model with its artefact."""
        ...

    async def active_model(self) -> ModelRecord | None:
        """Return the model in force with its artefact."""
        ...

    async def models(self, limit: int) -> Sequence[ModelRecord]:
        """Return the models handed in last without their artefacts, newest first (then by version)."""
        ...

    async def notices(self, limit: int) -> Sequence[NoticeRecord]:
        """Return the notices of drift, newest first (then by number)."""
        ...


class Artefacts(Protocol):
    """Models fresh from training, by the SHA-256 of their bytes in hex."""

    async def get(self, digest: str) -> bytes:
        """Return an artefact; raise NotFound, Corrupt where it is not what its name says, or Unavailable."""
        ...
