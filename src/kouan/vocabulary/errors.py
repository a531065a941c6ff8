"""The exceptions of kouan.

    KouanError
    ├── InvalidValue          a value breaks a named rule; names the field and the rule
    ├── NotFound              something asked for by name does not exist
    ├── Conflict              a change collides with what stands
    ├── NotAllowed            the caller may not do this
    ├── Unavailable           an engine, link or device cannot be reached now
    │   └── Fenced            a newer writer holds this port: this process must stop writing
    └── Corrupt               stored data does not verify; names what and where

Results that must not be ignored raise one of these; refusals of business are returned as ``Refused``.
"""


class KouanError(Exception):
    """The root of every error that kouan raises on purpose."""


class InvalidValue(KouanError):
    """A value breaks a named rule: ``field`` says where, ``rule`` which, ``mend`` what would be right."""

    def __init__(self, field: str, rule: str, mend: str) -> None:
        super().__init__(f"{field}: {mend} (rule {rule})")
        self.field = field
        self.rule = rule
        self.mend = mend

    def within(self, parent: str) -> "InvalidValue":
        """Return the same error with ``parent`` put before the field, for nested documents."""
        return InvalidValue(f"{parent}.{self.field}" if self.field else parent, self.rule, self.mend)


class NotFound(KouanError):
    """Something that was asked for by name does not exist."""


class Conflict(KouanError):
    """A change collides with what stands, as a second document under the same number."""


class NotAllowed(KouanError):
    """The caller may not do this."""


class Unavailable(KouanError):
    """An engine, a link or a device cannot be reached now."""


class Fenced(Unavailable):
    """A newer writer holds this port, so this process must stop writing."""


class Corrupt(KouanError):
    """Stored data does not verify."""
