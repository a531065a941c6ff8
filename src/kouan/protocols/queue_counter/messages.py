"""What the counter of waiting vehicles tells."""

from typing import Annotated

import msgspec

from kouan.protocols.fields import DeviceMessage
from kouan.vocabulary.places import Direction


class QueueCounted(DeviceMessage, frozen=True, kw_only=True):
    """How many vehicles wait before the gate in one direction."""

    direction: Direction
    waiting: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
