"""Hypothesis strategies made from the message types themselves, so that a new field is tested from its first day."""

from typing import Any

import msgspec.inspect
from hypothesis import strategies as st

from kouan.protocols.agency.codec import VERDICTS
from kouan.protocols.agency.messages import Verdict, VerdictOutcome, VerdictReason
from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.catalogue import CHANNELS
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.lane_order.codec import ANSWERS, HOLDS, ORDERS, REPORTS, RESETS
from kouan.protocols.lane_order.messages import LONGEST_LIFE_US, OUTCOMES, LaneReset, OpenOrder
from kouan.protocols.network.codec import BULLETINS, WITNESSES

SIGNED = {
    "open": ORDERS,
    "hold": HOLDS,
    "reset": RESETS,
    "report": REPORTS,
    "verdict": VERDICTS,
    "witnessed": WITNESSES,
    "bulletin": BULLETINS,
}
"""The codecs of signed messages, by channel."""

JSON_CODECS: dict[str, JsonCodec[Any]] = {
    f"{channel.place}-{channel.device}-{channel.name}": channel.codec
    for channel in CHANNELS.values()
    if isinstance(channel.codec, JsonCodec)
}
JSON_CODECS |= {f"signed-{name}": codec.json for name, codec in SIGNED.items()}
JSON_CODECS["signed-poll_answer"] = ANSWERS
"""Every JSON codec there is, those inside signatures as well."""


def message_types(codec: JsonCodec[Any]) -> list[type[msgspec.Struct]]:
    """The structs that a codec reads."""
    found = msgspec.inspect.type_info(codec.message_type)
    return [kind.cls for kind in (found.types if isinstance(found, msgspec.inspect.UnionType) else (found,))]


ALL_TYPES = {kind.__name__: (kind, codec) for codec in JSON_CODECS.values() for kind in message_types(codec)}
"""Every message type with a codec of it, by name."""

_LIFE = st.integers(1, LONGEST_LIFE_US)
_ISSUED = st.integers(0, 2**52)


def messages(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Messages of this type that keep its rules."""
    special = {OpenOrder: _orders, LaneReset: _resets, Verdict: _verdicts, DriverRead: _drivers}.get(kind)
    return special() if special else _structs(kind)


def _structs(kind: type[msgspec.Struct], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    info = msgspec.inspect.type_info(kind)
    fields = {field.name: given.get(field.name, _values(field.type)) for field in info.fields}
    return st.fixed_dictionaries(fields).map(lambda values: kind(**values))


def _values(kind: Any) -> st.SearchStrategy[Any]:
    inspect = msgspec.inspect
    match kind:
        case inspect.Metadata():
            return _values(kind.type)
        case inspect.StructType():
            return messages(kind.cls)
        case inspect.EnumType():
            return st.sampled_from(list(kind.cls))
        case inspect.UnionType():
            return st.one_of([_values(each) for each in kind.types])
        case inspect.TupleType():
            return st.tuples(*map(_values, kind.item_types))
        case inspect.VarTupleType():
            return st.lists(
                _values(kind.item_type), min_size=kind.min_length or 0, max_size=min(kind.max_length, 4)
            ).map(tuple)
        case inspect.DictType():
            return st.dictionaries(_values(kind.key_type), _values(kind.value_type), max_size=4)
    return _scalars(kind)


def _scalars(kind: Any) -> st.SearchStrategy[Any]:
    inspect = msgspec.inspect
    match kind:
        case inspect.IntType():
            return st.integers(kind.ge, kind.le)
        case inspect.BoolType():
            return st.booleans()
        case inspect.RawType():
            return st.integers(0, 2**53).map(lambda number: msgspec.Raw(b'{"n":%d}' % number))
        case inspect.NoneType():
            return st.none()
        case inspect.StrType(max_length=longest) if longest is not None:
            shortest = kind.min_length or 0
            return st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=shortest, max_size=longest)
        case inspect.StrType():
            return st.from_regex(kind.pattern)
    raise NotImplementedError(kind)


def _orders() -> st.SearchStrategy[OpenOrder]:
    loose = _structs(_Loose)
    opened = st.sampled_from([(barrier, outcome) for barrier, allowed in OUTCOMES.items() for outcome in allowed])
    return st.builds(_order, loose, opened, _ISSUED, _LIFE)


_Loose = msgspec.defstruct(
    "_Loose",
    [
        (field.name, field.type)
        for field in msgspec.structs.fields(OpenOrder)
        if field.name not in {"barrier", "outcome", "issued_at", "expires_at"}
    ],
    kw_only=True,
)


def _order(loose: Any, opened: tuple[Barrier, str], issued_at: int, life: int) -> OpenOrder:
    barrier, outcome = opened
    return OpenOrder(
        **msgspec.structs.asdict(loose),
        barrier=barrier,
        outcome=outcome,
        issued_at=issued_at,
        expires_at=issued_at + life,
    )


def _field(kind: type[msgspec.Struct], name: str) -> st.SearchStrategy[Any]:
    found = next(field for field in msgspec.inspect.type_info(kind).fields if field.name == name)
    return _values(found.type)


def _resets() -> st.SearchStrategy[LaneReset]:
    names = ("reset_id", "port", "lane", "by", "reason", "nonce")
    rest = st.fixed_dictionaries({name: _field(LaneReset, name) for name in names})
    return st.builds(
        lambda fields, issued, life: LaneReset(**fields, issued_at=issued, expires_at=issued + life),
        rest,
        _ISSUED,
        _LIFE,
    )


def _verdicts() -> st.SearchStrategy[Verdict]:
    rest = st.fixed_dictionaries({name: _field(Verdict, name) for name in ("authority", "port", "case", "revision")})
    reasons = st.lists(_structs(VerdictReason), min_size=1, max_size=3).map(tuple)
    said = st.one_of(
        st.tuples(st.just(VerdictOutcome.GRANT), st.just(())),
        st.tuples(st.sampled_from((VerdictOutcome.REFUSE, VerdictOutcome.REFER)), reasons),
    )
    return st.builds(
        lambda fields, says, issued, life: Verdict(
            **fields, outcome=says[0], reasons=says[1], issued_at=issued, expires_at=issued + life
        ),
        rest,
        said,
        _ISSUED,
        _LIFE,
    )


def _drivers() -> st.SearchStrategy[DriverRead]:
    lines = st.one_of(
        st.tuples(*[st.from_regex(r"[A-Z0-9<]{44}", fullmatch=True)] * 2),
        st.tuples(*[st.from_regex(r"[A-Z0-9<]{30}", fullmatch=True)] * 3),
    )
    return _structs(DriverRead, mrz=lines)
