"""Which firms a paper names: who may see it though they may not see all papers."""

import msgspec


class _Named(msgspec.Struct, frozen=True):
    """Where papers name firms: by a carrier's or sender's code, a credit code, or an agency's name."""

    sender: str | None = None
    carrier: str | None = None
    consignee: str | None = None
    holder: str | None = None
    agency: str | None = None


_READ = msgspec.json.Decoder(_Named)


def firms_named(document: bytes) -> frozenset[str]:
    """Return the codes of the firms that a paper's canonical document names; raise msgspec.DecodeError for no JSON."""
    named = _READ.decode(document)
    return frozenset(filter(None, (getattr(named, field) for field in _Named.__struct_fields__)))
