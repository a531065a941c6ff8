"""Who uses the port: people with roles in an agency, and machines with tokens."""

import enum

import msgspec

from kouan.vocabulary.clock import Instant


class Agency(enum.StrEnum):
    """To whom a person or machine answers; the first three decide at the gate."""

    BORDER_INSPECTION = "border_inspection"
    CUSTOMS = "customs"
    SITE = "site"
    TRADE = "trade"


class Role(enum.StrEnum):
    """What a person or machine is there for; who plans (规划员) are planners, analysts and the port's director."""

    LANE_OPERATOR = "lane_operator"
    INSPECTOR = "inspector"
    DUTY_OFFICER = "duty_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    CARRIER = "carrier"
    CAMERA = "camera"
    REGION_OFFICER = "region_officer"
    DATA_PROTECTION = "data_protection"
    PLANNER = "planner"


class Account(msgspec.Struct, frozen=True):
    """A person who may sign in, or a machine that holds tokens.

    ``password_hash`` is an Argon2 encoded hash, None for people of an identity provider (``subject`` is then
    its ``sub``) and for machines. ``demo`` accounts exist only while the port runs as a demonstration. ``firms`` are
    the codes of the firms that it acts for, as papers name them: a carrier's or sender's code, a credit code.
    """

    username: str
    display_name: str
    agency: Agency
    roles: tuple[Role, ...]
    password_hash: str | None = None
    subject: str | None = None
    disabled: bool = False
    demo: bool = False
    firms: tuple[str, ...] = ()


class Principal(msgspec.Struct, frozen=True):
    """Who is asking, once that is proven. ``stepped_up_at`` is when the password was last given, for dangerous acts.

    ``firms`` are those of the account: what concerns other firms is not for whoever may only see what is theirs.
    """

    username: str
    display_name: str
    agency: Agency
    roles: tuple[Role, ...]
    machine: bool = False
    stepped_up_at: Instant | None = None
    firms: tuple[str, ...] = ()


class Session(msgspec.Struct, frozen=True):
    """A signed-in browser. Only the SHA-256 of its secret is kept (hex)."""

    secret_sha256: str
    username: str
    created_at: Instant
    expires_at: Instant
    stepped_up_at: Instant | None = None


class Token(msgspec.Struct, frozen=True):
    """A machine's bearer token. Only the SHA-256 of its secret is kept (hex)."""

    secret_sha256: str
    username: str
    label: str
    created_at: Instant
    expires_at: Instant | None = None
    revoked_at: Instant | None = None
