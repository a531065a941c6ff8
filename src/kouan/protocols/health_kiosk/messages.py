"""What the health kiosk tells."""

from typing import Annotated

import msgspec

from kouan.protocols.fields import DeviceMessage, Identity, Track


class HealthDeclared(DeviceMessage, frozen=True, kw_only=True):
    """A driver's health declaration (None where none was shown), skin temperature in tenths of °C, and symptoms."""

    track: Track
    declaration_number: Identity | None
    temperature_dc: Annotated[int, msgspec.Meta(ge=0, le=600)]
    symptoms: bool
