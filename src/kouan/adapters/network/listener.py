"""A port hears its hub: each message goes to the part that it is for."""

import logging

from kouan.adapters.inbox import reading
from kouan.adapters.network.forwarder import Forwarder
from kouan.adapters.network.keeper import BulletinKeeper
from kouan.protocols.link import Link, Received
from kouan.vocabulary.errors import Fenced, InvalidValue, Unavailable

_log = logging.getLogger(__name__)


class HubListener:
    """Hands what the hub says to the forwarder and the keeper of one port."""

    def __init__(self, link: Link, forwarder: Forwarder, keeper: BulletinKeeper) -> None:
        self._link = link
        self._hear = {
            "taken": forwarder.hear_taken,
            "witnessed": forwarder.hear_witnessed,
            "bulletin": keeper.hear,
        }

    async def run(self) -> None:
        """Listen until the link is closed; raise Fenced where another process became the port's writer."""
        async with reading(self._link) as messages:
            async for received in messages:
                await self._take(received)

    async def _take(self, received: Received) -> None:
        hear = self._hear.get(received.topic.rpartition("/")[2])
        if hear is None:
            return
        try:
            await hear(received.payload)
        except Fenced:
            raise
        except InvalidValue as error:
            _log.warning("what the hub sent on %s was passed over: %s", received.topic, error)
        except Unavailable as error:
            _log.warning("what the hub sent on %s is left, and comes again: %s", received.topic, error)
