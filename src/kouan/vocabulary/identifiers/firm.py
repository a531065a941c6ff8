"""Chinese firms: the unified social credit code (统一社会信用代码, GB 32100-2015)."""

import re

from stdnum.cn import uscc

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers.text import compact, shown

_FORM = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
"""GB 32100-2015 clause 4: authority and kind (2), district (6 digits), organisation (9), check; no I, O, S, V, Z."""

_MENDED = str.maketrans("OISZ", "0152")
"""The letters left out of the alphabet because they are mistaken for digits (GB 32100-2015 clause 4.1); V has none."""


class CreditCode(str):
    """A unified social credit code in its eighteen characters, e.g. ``91350100M000100Y43``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "CreditCode":
        """Return the code; raise InvalidValue where its form or check character is wrong."""
        code = compact(text, "credit_code").translate(_MENDED)
        if not _FORM.fullmatch(code):
            mend = f"must be 18 digits and letters without I, O, S, V, Z, not {shown(code)}"
            raise InvalidValue("credit_code", "credit_code.form", mend)
        check = uscc.calc_check_digit(code[:17])
        if code[17] != check:
            mend = f"{code} ends in {code[17]}, but {code[:17]} asks for {check}"
            raise InvalidValue("credit_code", "credit_code.check_digit", mend)
        return cls(code)

    @property
    def authority(self) -> str:
        """The registering authority's character, 9 for market regulation (firms)."""
        return self[0]

    @property
    def district(self) -> str:
        """The six digits of the registering authority's administrative division (GB/T 2260)."""
        return self[2:8]

    @property
    def organisation(self) -> str:
        """The nine characters of the organisation code (GB 11714)."""
        return self[8:17]
