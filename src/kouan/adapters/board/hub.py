"""What screens show of the hub of the region: whether it is heard, how old its word is, and what it says last."""

from collections.abc import Callable
from typing import Any

from kouan.gate.evidence import NEVER_HEARD_US
from kouan.gate.offline import max_age_s
from kouan.gate.policy import LanePolicy
from kouan.gate.roles import Region
from kouan.network.bulletins import REISSUE_US
from kouan.network.roles import Bulletins
from kouan.protocols.network.messages import BulletinKind
from kouan.vocabulary.clock import SECOND

CONNECTED_US = 3 * REISSUE_US
"""Age of the hub's word above which it counts as gone. Our choice: three issues that did not come."""


class HubBoard:
    """Draws the hub as one port knows it.

    ``policy`` returns what is in force there now, ``url`` says where it is, ``ledger`` how far the ledger is there.
    """

    def __init__(
        self,
        bulletins: Bulletins,
        region: Region,
        policy: Callable[[], LanePolicy],
        url: str | None,
        ledger: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self._bulletins = bulletins
        self._region = region
        self._policy = policy
        self._url = url
        self._ledger = ledger

    def view(self) -> dict[str, Any]:
        """Return the hub as it is known; ``age_s`` is null where it was never heard."""
        age_us = self._region.age_us()
        never = age_us == NEVER_HEARD_US
        most_s = max_age_s(self._policy().rulebook)
        return {
            "url": self._url,
            "connected": age_us <= CONNECTED_US,
            "age_s": None if never else age_us // SECOND,
            "max_age_s": most_s,
            "ledger": None if self._ledger is None else self._ledger(),
            "stale": most_s is not None and age_us > most_s * SECOND,
            "versions": {
                kind.value: kept.bulletin.version
                for kind in BulletinKind
                if (kept := self._bulletins.latest(kind)) is not None
            },
        }
