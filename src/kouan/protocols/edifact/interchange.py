"""The syntax of an interchange (ISO 9735): bytes to segments of messages and back, bounded, its counts checked."""

import re
from collections.abc import Iterator, Sequence

import msgspec
from pydifact.control.characters import Characters
from pydifact.exceptions import EDISyntaxError
from pydifact.parser import Parser, TokenIterator
from pydifact.serializer import Serializer
from pydifact.tokenizer import Tokenizer

from kouan.protocols.tables.reading import decoded
from kouan.vocabulary.errors import InvalidValue

MOST_BYTES = 4 * 1024 * 1024
"""Largest interchange. Our choice: cargo reports of 10,000 consignments."""

MOST_SEGMENTS = 100_000
MOST_ELEMENTS = 99
MOST_TEXT = 512
"""Bounds of an interchange, a segment, a component. Our choice: above the directories' own (an..350 is longest)."""

_TAG = re.compile(r"[A-Z]{3}")
_CHARSETS = {"UNOC": "latin-1", "UNOD": "iso8859-2", "UNOE": "iso8859-5", "UNOW": "utf-8", "UNOY": "utf-8"}
"""Character sets by syntax identifier [ISO 9735:1988/Amd; UNECE, data element 0001]. UNOA and UNOB, which are plain
ASCII, are often written over Chinese in GBK or UTF-8: such text is read as a CSV file's is."""


_CHARACTERS = Characters.from_str("UNA:+.? '")
"""The service characters of ISO 9735; a point marks decimals."""


class Segment(msgspec.Struct, frozen=True):
    """One segment: its tag, and its elements, each a list of components without empty ones at the end."""

    tag: str
    elements: tuple[tuple[str, ...], ...] = ()

    def text(self, element: int, component: int = 0) -> str:
        """Return a component, counted from 0, empty where it is not there."""
        found = self.elements[element] if element < len(self.elements) else ()
        return found[component] if component < len(found) else ""


class Message(msgspec.Struct, frozen=True):
    """One message between its UNH and UNT, which are not among its segments."""

    reference: str
    type: str
    version: str
    release: str
    segments: tuple[Segment, ...]


class Interchange(msgspec.Struct, frozen=True):
    """Messages of one sender for one recipient; ``prepared`` is CCYYMMDDHHMM in the sender's time."""

    sender: str
    recipient: str
    prepared: str
    reference: str
    messages: tuple[Message, ...]


def looks_like_edifact(data: bytes) -> bool:
    """Say whether bytes begin as an interchange does."""
    return data[:64].lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"UNA", b"UNB+"))


def parse(data: bytes) -> Interchange:
    """Return an interchange; raise InvalidValue (``edifact.size``, ``.syntax``, ``.service``, ``.count``)."""
    if len(data) > MOST_BYTES:
        raise InvalidValue("file", "edifact.size", f"must have at most {MOST_BYTES} bytes")
    segments = list(_segments(_text(data)))
    if not segments or segments[0].tag != "UNB" or segments[-1].tag != "UNZ" or len(segments) < 3:
        raise _wrong("UNB", "edifact.service", "must begin with UNB and end with UNZ")
    head, tail = segments[0], segments[-1]
    messages = tuple(_messages(segments[1:-1]))
    if tail.text(0) != str(len(messages)) or tail.text(1) != head.text(4):
        raise _wrong("UNZ", "edifact.count", f"must say {len(messages)} messages and the reference of UNB")
    prepared = head.text(3) + head.text(3, 1)
    return Interchange(
        sender=head.text(1),
        recipient=head.text(2),
        prepared=prepared if len(prepared) == 12 else f"20{prepared}",
        reference=head.text(4),
        messages=messages,
    )


def render(interchange: Interchange) -> bytes:
    """Return the bytes of an interchange: syntax version 4 in UTF-8 (UNOW), with the service string advice (UNA)."""
    prepared = interchange.prepared
    head = Segment(
        "UNB",
        (
            ("UNOW", "4"),
            (interchange.sender,),
            (interchange.recipient,),
            (prepared[:8], prepared[8:]),
            (interchange.reference,),
        ),
    )
    found = [head]
    for message in interchange.messages:
        found.append(Segment("UNH", ((message.reference,), (message.type, message.version, message.release, "UN"))))
        found += message.segments
        found.append(Segment("UNT", ((str(len(message.segments) + 2),), (message.reference,))))
    found.append(Segment("UNZ", ((str(len(interchange.messages)),), (interchange.reference,))))
    written = [_Written(segment.tag, [list(element) for element in segment.elements]) for segment in found]
    return Serializer(_CHARACTERS).serialize(written, break_lines=True).encode()  # type: ignore[arg-type]


class _Written:
    """A segment as pydifact's serializer takes one; its own class looks for directories that are not shipped."""

    def __init__(self, tag: str, elements: list[list[str]]) -> None:
        self.tag = tag
        self.elements = elements


def _text(data: bytes) -> str:
    ascii_head = data[:64].decode("ascii", "replace")
    named = re.search(r"UNB.(UNO[A-Z])", ascii_head)
    charset = _CHARSETS.get(named[1]) if named else None
    if charset is None:
        return decoded(data).lstrip("\ufeff")
    try:
        return data.decode(charset).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise _wrong("UNB", "edifact.syntax", f"must be written in {named[1] if named else charset}") from error


def _segments(text: str) -> Iterator[Segment]:
    characters = _CHARACTERS
    text = text.strip()
    if text.startswith("UNA"):
        advice = text[3:9]
        if len(set(advice) - {" "}) != len(advice.replace(" ", "")) or len(advice) != 6:
            raise _wrong("UNA", "edifact.syntax", "must name six different service characters")
        characters = Characters.from_str(text[:9])
        text = text[9:].lstrip("\r\n")
    tokens = TokenIterator(Tokenizer().get_tokens(text, characters))
    parser = Parser()
    try:
        for count, raw in enumerate(parser.convert_tokens_to_raw_segments(tokens), 1):
            if count > MOST_SEGMENTS:
                raise _wrong("", "edifact.size", f"must have at most {MOST_SEGMENTS} segments")
            yield _segment(raw)
    except EDISyntaxError as error:
        raise _wrong("", "edifact.syntax", f"must be an interchange: {error}") from error


def _segment(raw: Sequence[str | list[str]]) -> Segment:
    tag, *elements = raw
    if not isinstance(tag, str) or not _TAG.fullmatch(tag.strip()):
        raise _wrong("", "edifact.syntax", f"must have tags of three capitals, not {str(tag)[:8]!r}")
    found = [tuple(element) if isinstance(element, list) else (element,) for element in elements]
    if len(found) > MOST_ELEMENTS or any(
        len(element) > MOST_ELEMENTS or any(len(text) > MOST_TEXT or not text.isprintable() for text in element)
        for element in found
    ):
        raise _wrong(tag, "edifact.size", f"must have components of at most {MOST_TEXT} printable characters")
    return Segment(tag.strip(), _trimmed([_without_end(element) for element in found]))


def _without_end(element: tuple[str, ...]) -> tuple[str, ...]:
    while element and not element[-1]:
        element = element[:-1]
    return element


def _trimmed(elements: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    while elements and not elements[-1]:
        elements.pop()
    return tuple(elements)


def _messages(segments: Sequence[Segment]) -> Iterator[Message]:
    opened: Segment | None = None
    inside: list[Segment] = []
    for segment in segments:
        if segment.tag == "UNH":
            if opened is not None:
                raise _wrong("UNH", "edifact.service", "must not begin before the message before it ends")
            opened, inside = segment, []
        elif segment.tag == "UNT":
            if opened is None:
                raise _wrong("UNT", "edifact.service", "must end a message")
            if segment.text(0) != str(len(inside) + 2) or segment.text(1) != opened.text(0):
                raise _wrong("UNT", "edifact.count", f"must say {len(inside) + 2} segments and the reference of UNH")
            yield Message(opened.text(0), opened.text(1), opened.text(1, 1), opened.text(1, 2), tuple(inside))
            opened = None
        elif opened is None:
            raise _wrong(segment.tag, "edifact.service", "must stand in a message (groups, UNG, are not used)")
        else:
            inside.append(segment)
    if opened is not None:
        raise _wrong("UNH", "edifact.service", "must be ended by UNT")


def _wrong(segment: str, rule: str, mend: str) -> InvalidValue:
    return InvalidValue(segment or "file", rule, mend)
