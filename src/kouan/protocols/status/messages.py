"""What every device tells of itself."""

from kouan.protocols.fields import Codes, DeviceMessage


class DeviceStatus(DeviceMessage, frozen=True, kw_only=True):
    """Whether the device is online, and its faults; retained by the broker, offline as the last will."""

    online: bool
    faults: Codes = ()
