"""Travel documents by their machine-readable zone (ICAO Doc 9303 parts 3 to 6, eighth edition): TD1, TD2 and TD3."""

from collections.abc import Sequence
from datetime import date

import msgspec

from kouan.vocabulary.identifiers import mrz_fields as fields
from kouan.vocabulary.identifiers.mrz_fields import Sex, check_digit, refuse
from kouan.vocabulary.identifiers.mrz_lines import ALPHABET, Format, read_lines


class TravelDocument(msgspec.Struct, frozen=True):
    """A passport or card as its machine-readable zone states it; every check digit has been checked.

    It is personal data: it belongs in a ``Personal`` payload, never in an entry, and its ``repr`` tells nothing of it.
    Dates are YYMMDD as printed; unknown parts of a date of birth are fillers.
    """

    format: Format
    code: str
    issuer: str
    number: str
    nationality: str
    birth: str
    sex: Sex
    expiry: str
    surname: str
    given_names: str
    optional: str
    lines: tuple[str, ...]

    @classmethod
    def parse(cls, text: str | Sequence[str]) -> "TravelDocument":
        """Read two or three lines, given as a sequence, parted by line breaks, or unbroken.

        Raises InvalidValue whose field is ``travel_document.<field>`` and which never tells the value.
        """
        form, lines = read_lines(text)
        return _READERS[form](lines)

    @classmethod
    def compose(
        cls,
        form: Format,
        *,
        code: str,
        issuer: str,
        number: str,
        nationality: str,
        birth: str,
        sex: Sex,
        expiry: str,
        surname: str,
        given_names: str,
        optional: str = "",
    ) -> "TravelDocument":
        """Return the document with these fields, its check digits computed and its lines filled up.

        Raises InvalidValue where a field does not fit its place or does not read back.
        """
        head = _filled("code", code, 2) + _filled("issuer", issuer, 3)
        width = 30 if form == "TD1" else 39 if form == "TD3" else 31
        names = f"{surname}<<{given_names}".replace(" ", "<")[:width].ljust(width, "<")
        document = _filled("number", number, 9) + check_digit(number.ljust(9, "<"))
        dates = birth + check_digit(birth), sex.replace("X", "<"), expiry + check_digit(expiry)
        middle = "".join(dates)
        states = _filled("nationality", nationality, 3)
        if form == "TD1":
            first, second = document + _filled("optional", optional, 15), "<" * 11
            composite = check_digit(first + dates[0] + dates[2] + second)
            return cls.parse((head + first, middle + states + second + composite, names))
        extra = _filled("optional", optional, 14 if form == "TD3" else 7)
        extra += check_digit(extra) if form == "TD3" else ""
        composite = check_digit(document + dates[0] + dates[2] + extra)
        return cls.parse((head + names, document + states + middle + extra + composite))

    def __str__(self) -> str:
        """The zone's lines, parted by line breaks."""
        return "\n".join(self.lines)

    def __repr__(self) -> str:
        """Tell the format and issuer only, so that no log holds a person."""
        return f"<TravelDocument {self.format} {self.issuer}>"

    def expires_on(self) -> date:
        """Return the last day of validity; the century is 2000, because documents are valid ten years."""
        year = 2000 + int(self.expiry[:2])
        if self.expiry[2:] == "0229" and year % 4:
            return date(year, 2, 28)
        return date(year, int(self.expiry[2:4]), int(self.expiry[4:6]))

    def is_expired(self, on: date) -> bool:
        """Say whether the document is no longer valid on a day."""
        return on > self.expires_on()


def _filled(field: str, text: str, width: int) -> str:
    """Return a field's text with fillers up to its width."""
    if len(text) > width or not ALPHABET.fullmatch(text):
        raise refuse(field, "width", f"must be at most {width} characters of A–Z, 0–9 and fillers")
    return text.ljust(width, "<")


def _number(text: str, check: str, optional: str) -> tuple[str, str]:
    """Return document number and the rest of the optional field.

    A number longer than nine characters goes on in the optional field, ended by its check digit and a filler, and a
    filler stands in the check digit's place (Doc 9303 part 5, clause 4.2.2, note j).
    """
    if check == "<" and optional.strip("<"):
        more, _, rest = optional.partition("<")
        if len(more) < 2:
            raise refuse("number", "long_number", "must go on with its last characters and a check digit")
        return fields.checked("number", text + more[:-1], more[-1]).strip("<"), rest.strip("<")
    number = fields.checked("number", text, check).rstrip("<")
    if not number:
        raise refuse("number", "number", "must not be empty")
    return number, optional.strip("<")


def _composite(text: str, check: str) -> None:
    if check != check_digit(text):
        raise refuse("composite", "check_digit", "the check digit over all fields does not hold")


def _read_td3(lines: tuple[str, ...]) -> TravelDocument:
    first, second = lines
    number, _ = _number(second[:9], second[9], "")
    optional = fields.checked("optional", second[28:42], second[42])
    document = _document("TD3", lines, first[:5], number, second[10:28], first[5:], optional)
    _composite(second[:10] + second[13:20] + second[21:43], second[43])
    return document


def _read_td2(lines: tuple[str, ...]) -> TravelDocument:
    first, second = lines
    number, optional = _number(second[:9], second[9], second[28:35])
    document = _document("TD2", lines, first[:5], number, second[10:28], first[5:], optional)
    _composite(second[:10] + second[13:20] + second[21:35], second[35])
    return document


def _read_td1(lines: tuple[str, ...]) -> TravelDocument:
    first, second, third = lines
    number, optional = _number(first[5:14], first[14], first[15:30])
    middle = second[15:18] + second[:15]
    more = f"{optional}<{second[18:29]}".strip("<")
    document = _document("TD1", lines, first[:5], number, middle, third, more)
    _composite(first[5:30] + second[:7] + second[8:15] + second[18:29], second[29])
    return document


def _document(
    form: Format, lines: tuple[str, ...], head: str, number: str, middle: str, names: str, optional: str
) -> TravelDocument:
    """Put a document together; ``middle`` is nationality 3, birth 6 + check, sex 1, expiry 6 + check."""
    code = fields.letters("code", head[:2]).rstrip("<")
    if not code:
        raise refuse("code", "code", "must begin with the kind of document")
    surname, given = fields.names(names)
    return TravelDocument(
        format=form,
        code=code,
        issuer=_state("issuer", head[2:5]),
        number=number,
        nationality=_state("nationality", middle[:3]),
        birth=fields.birth_date(middle[3:9], middle[9]),
        sex=fields.sex(middle[10]),
        expiry=fields.expiry_date(middle[11:17], middle[17]),
        surname=surname,
        given_names=given,
        optional=optional.rstrip("<"),
        lines=lines,
    )


def _state(field: str, text: str) -> str:
    found = fields.letters(field, text).rstrip("<")
    if not found or "<" in found:
        raise refuse(field, "state", "must be a state's code (Doc 9303 part 3, section 5)")
    return found


_READERS = {"TD1": _read_td1, "TD2": _read_td2, "TD3": _read_td3}
