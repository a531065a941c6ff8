"""What the disinfection unit tells."""

from typing import Annotated

import msgspec

from kouan.protocols.fields import DeviceMessage, Track


class DisinfectionDone(DeviceMessage, frozen=True, kw_only=True):
    """A vehicle was sprayed: whether the programme ran to its end, and the decilitres used."""

    track: Track
    ok: bool
    litres_dl: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
