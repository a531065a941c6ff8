"""The bulletins of a port in memory: whoever holds it says what the hub said."""

from collections.abc import Callable

from msgspec.structs import replace

from kouan.network.roles import Kept
from kouan.protocols.network.messages import Bulletin, BulletinKind
from kouan.vocabulary.clock import Clock, Instant


class MemoryBulletins:
    """Plays ``Bulletins``: the highest version of each kind, and of one version the one that was issued last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[BulletinKind, Kept] = {}
        self._told: list[Callable[[BulletinKind], None]] = []

    def hear(self, bulletin: Bulletin) -> None:
        """Take a bulletin in, unless one as late is held; tell of it where its items are new."""
        held = self._kept.get(bulletin.kind)
        if held is not None and (bulletin.version, bulletin.issued_at) <= (
            held.bulletin.version,
            held.bulletin.issued_at,
        ):
            return
        self._kept[bulletin.kind] = Kept(bulletin, self._clock.now())
        if held is None or held.bulletin.version != bulletin.version:
            for tell in self._told:
                tell(bulletin.kind)

    def hear_again(self) -> None:
        """Take in everything that is held once more, issued now: the hub is there, and has nothing new."""
        for kept in tuple(self._kept.values()):
            self.hear(replace(kept.bulletin, issued_at=self._clock.now()))

    def latest(self, kind: BulletinKind) -> Kept | None:
        """Return the bulletin of the highest version, None where the port never had one."""
        return self._kept.get(kind)

    def on_change(self, tell: Callable[[BulletinKind], None]) -> None:
        """Call ``tell`` each time that the items of a kind changed."""
        self._told.append(tell)

    def fresh_at(self) -> Instant | None:
        """Return when the hub issued the latest bulletin that came in, None before the first."""
        return max((kept.bulletin.issued_at for kept in self._kept.values()), default=None)
