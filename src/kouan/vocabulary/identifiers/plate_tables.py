"""Tables of number plates: provinces, aimags, alphabets and look-alikes.

Provinces and suffixes: GA 36-2018 (China). Mongolian codes: the table of Wikipedia's "Vehicle registration plates of
Mongolia", whose editions differ in a few codes, so all of them are known here and none is ever a reason to reject.
Russian letters: GOST R 50577-2018.
"""

from collections.abc import Mapping

PROVINCES = "京津沪渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
"""The province's character, first on a Chinese plate (GA 36-2018, annex)."""

COLOURS = "蓝黄白黑绿"
"""Colours that some cameras write before a Chinese plate; the plate's number does not hold them."""

AIMAGS: Mapping[str, str] = {
    "АР": "Arkhangai",
    "БӨ": "Bayan-Ölgii",
    "БХ": "Bayankhongor",
    "БН": "Bayankhongor",
    "БР": "Baganuur",
    "БУ": "Bulgan",
    "ГА": "Govi-Altai",
    "ГО": "Govi-Altai",
    "ГС": "Govisümber",
    "ДА": "Darkhan-Uul",
    "ДГ": "Dornogovi",
    "ДО": "Dornod",
    "ДН": "Dornod",
    "ДУ": "Dundgovi",
    "ЗА": "Zavkhan",
    "НА": "Nalaikh",
    "ОР": "Orkhon",
    "ӨВ": "Övörkhangai",
    "ӨМ": "Ömnögovi",
    "СБ": "Sükhbaatar (city)",
    "СҮ": "Sükhbaatar",
    "СУ": "Sükhbaatar",
    "СЭ": "Selenge",
    "ТӨ": "Töv",
    "УА": "Ulaanbaatar",
    "УБ": "Ulaanbaatar",
    "УЕ": "Ulaanbaatar",
    "УК": "Ulaanbaatar",
    "УН": "Ulaanbaatar",
    "УВ": "Uvs",
    "ХЭ": "Khentii",
    "ХО": "Khovd",
    "ХӨ": "Khövsgöl",
    "ЧО": "Choibalsan",
    "ЭТ": "Erdenet",
}
"""The first two letters of a Mongolian plate and the aimag or city they name."""

MONGOLIAN_LETTERS = "АБВГДЕЖЗИКЛМНОӨПРСТУҮФХЦЧШЭЮЯ"
"""Letters accepted on Mongolian plates. Our choice: the alphabet without the signs and without Ё, Й, Щ, Ы."""

RUSSIAN_LETTERS = "АВЕКМНОРСТУХ"
"""The twelve letters with Latin look-alikes that Russian plates use (GOST R 50577-2018, clause 3)."""

TO_CYRILLIC: Mapping[int, str | int] = str.maketrans("ABCEHKMOPTXYÖΘƟѲ", "АВСЕНКМОРТХУӨӨӨӨ")
"""Latin and Greek letters to the Cyrillic ones of the same shape (Ѳ is the old fita, which scanners put for Ө)."""

TO_LATIN: Mapping[int, str | int] = str.maketrans("АВСЕНКМОРТХУӨ", "ABCEHKMOPTXY0")
"""Cyrillic letters to the Latin ones of the same shape, for what stands after a Chinese province."""

CYRILLIC_FOR_DIGIT: Mapping[int, str | int] = str.maketrans("03", "ОЗ")
"""Digits read in place of Cyrillic letters, where only letters stand."""

DIGIT_FOR_CYRILLIC: Mapping[int, str | int] = str.maketrans("ОӨЗБ", "0036")
"""Cyrillic letters read in place of digits, where only digits stand."""

CONFUSED: tuple[str, ...] = (
    "0OQDОӨU",
    "1IL7T",
    "2Z7",
    "3ЗЭ8B",
    "4A",
    "5S",
    "6GБ",
    "8BВБ",
    "9P",
    "AА",
    "EЕ",
    "FPР",
    "HНM",
    "KКX",
    "MМN",
    "CСG",
    "TТ",
    "XХ",
    "YУVҮ",
    "UYVУҮ",
    "ОӨСQ",
    "ГТ",
    "НИП",
    "ШЩМ",
    "港澳",
    "警挂",
)
"""Groups of characters that plate cameras take for one another. Our choice, from their shapes."""
