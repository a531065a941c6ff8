"""Takes the pictures that cameras refer to, and brings them to the edge store beside the event."""

import hashlib

from kouan.protocols.fields import Image
from kouan.simulator.pictures import Picture, container_picture, plate_picture
from kouan.simulator.roles import ImageStore, Sleep, Spawn
from kouan.simulator.wire import RETRY_S
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import KouanError, Unavailable

ATTEMPTS = 20
"""How often a picture is offered before it is given up. Our choice: ten seconds, then the event stands alone."""


class Photographer:
    """Draws and delivers pictures, or takes none where there is no store ("recorded readings instead of pictures")."""

    def __init__(
        self, store: ImageStore | None, sleep: Sleep, spawn: Spawn, clock: Clock, utc_offset_minutes: int
    ) -> None:
        self.taken = 0
        self.lost = 0
        self._store = store
        self._sleep = sleep
        self._spawn = spawn
        self._clock = clock
        self._offset_s = utc_offset_minutes * 60

    def plate(self, nationality: str, text: str, *, front: bool) -> Image | None:
        """Return the reference of a picture of this plate, which is on its way to the store."""
        if self._store is None:
            return None
        return self._keep(plate_picture(text, yellow=nationality == "CHN", front=front, night=self._night()))

    def container(self, number: str, size_type: str) -> Image | None:
        """Return the reference of a picture of this container, which is on its way to the store."""
        if self._store is None:
            return None
        return self._keep(container_picture(number, size_type, night=self._night()))

    def _night(self) -> bool:
        hour = (self._clock.now() // SECOND + self._offset_s) // 3600 % 24
        return hour < 7 or hour >= 19

    def _keep(self, picture: Picture) -> Image:
        self.taken += 1
        sha256 = hashlib.sha256(picture.jpeg).hexdigest()
        self._spawn(self._deliver(sha256, picture.jpeg))
        return Image(sha256, picture.box)

    async def _deliver(self, sha256: str, jpeg: bytes) -> None:
        if self._store is None:
            return
        for _ in range(ATTEMPTS):
            try:
                await self._store.put(sha256, jpeg)
            except Unavailable:
                await self._sleep(RETRY_S)
            except KouanError:
                break
            else:
                return
        self.lost += 1
