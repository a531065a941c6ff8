"""Synthetic drivers: names that nobody bears, travel documents with right check digits, faces that match or do not."""

import datetime as dt
from random import Random

import msgspec

from kouan.vocabulary.clock import SECOND, Instant

_MONGOLIAN_FAMILIES = ("BATBOLD", "GANBAATAR", "TSERENDORJ", "ERDENEBAT", "MUNKHBAYAR", "OTGONBAYAR", "PUREVDORJ",
                       "SUKHBAATAR", "DAVAADORJ", "ENKHTUYA", "NYAMSUREN", "BYAMBADORJ")  # fmt: skip
_MONGOLIAN_NAMES = ("BAT ERDENE", "GANZORIG", "TEMUULEN", "ALTANGEREL", "BOLD", "NERGUI", "OYUUN", "SARNAI", "TUMUR",
                    "ENKHBAYAR", "DULGUUN", "ZORIGT")  # fmt: skip
_CHINESE_FAMILIES = ("WANG", "LI", "ZHANG", "LIU", "CHEN", "YANG", "ZHAO", "HUANG", "ZHOU", "WU", "BAI", "BAO")
_CHINESE_NAMES = ("JIANGUO", "WEI", "XIAOMING", "HAITAO", "LIPING", "ZHIQIANG", "GUODONG", "YONG", "LEI", "NARISU")
_DAY_US = 86_400 * SECOND


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A driver as the travel document shows them: ``nationality`` in ICAO letters, dates as YYMMDD."""

    family: str
    given: str
    nationality: str
    document_number: str
    born: str
    expires: str
    sex: str = "M"

    @property
    def name(self) -> str:
        """The name as carriers write it in their papers."""
        return f"{self.family} {self.given}"


def yymmdd(at: Instant) -> str:
    """Return the UTC date of an instant as a travel document writes it."""
    epoch = dt.date(1970, 1, 1)
    return (epoch + dt.timedelta(days=at // _DAY_US)).strftime("%y%m%d")


def make_person(random: Random, nationality: str, now: Instant, *, expired: bool = False) -> Person:
    """Return a driver of 22 to 58 years whose document runs out within ten years, or did within the last two."""
    mongolian = nationality == "MNG"
    families, names = (
        (_MONGOLIAN_FAMILIES, _MONGOLIAN_NAMES) if mongolian else (_CHINESE_FAMILIES, _CHINESE_NAMES)
    )  # whole words only: the MRZ alphabet is A-Z
    expiry_days = -random.randint(3, 700) if expired else random.randint(40, 3_600)
    return Person(
        family=random.choice(families),
        given=random.choice(names),
        nationality=nationality,
        document_number=f"{random.choice('EG') if not mongolian else 'E'}{random.randrange(10**8):08d}",
        born=yymmdd(now - random.randint(22 * 365, 58 * 365) * _DAY_US),
        expires=yymmdd(now + expiry_days * _DAY_US),
        sex="M" if random.random() < 0.93 else "F",
    )


def check_digit(text: str) -> int:
    """Return the check digit of ICAO Doc 9303-3, section 4.9: weights 7, 3, 1, modulo 10."""
    return sum(int(letter, 36) * (7, 3, 1)[place % 3] for place, letter in enumerate(text.replace("<", "0"))) % 10


def td3(person: Person) -> tuple[str, str]:
    """Return the two lines of 44 characters of a passport's machine-readable zone (ICAO Doc 9303-4, section 4.2)."""
    names = f"{person.family.replace(' ', '<')}<<{person.given.replace(' ', '<')}"
    first = f"P<{person.nationality}{names}".ljust(44, "<")[:44]
    number = person.document_number.ljust(9, "<")
    optional = "<" * 14
    numbered = f"{number}{check_digit(number)}"
    born = f"{person.born}{check_digit(person.born)}"
    expires = f"{person.expires}{check_digit(person.expires)}"
    # A field of fillers alone may carry "<" or "0" as its check digit; "0" here.
    optional_checked = f"{optional}{check_digit(optional)}"
    composite = check_digit(numbered + born + expires + optional_checked)
    return first, f"{numbered}{person.nationality}{born}{person.sex}{expires}{optional_checked}{composite}"
