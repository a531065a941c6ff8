"""What one seed, and one plan, came to."""

from collections.abc import Mapping

import msgspec

from kouan.proving.nemesis.plan import FaultKind
from kouan.proving.nemesis.world import Found


class SeedResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run showed. The same plan gives the same ``ledger_root`` and ``trace_sha256``, in any process."""

    seed: int
    violations: tuple[Found, ...]
    coverage: Mapping[FaultKind, int]
    cleared: int
    stopped: int
    entries: int
    ledger_root: str
    trace_sha256: str
    cpu_s: float
