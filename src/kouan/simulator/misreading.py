"""How cameras misread: one character taken for another that looks like it, with a confidence that often shows it."""

from random import Random

_CONFUSED = {
    "0": "OD8", "1": "I7", "2": "Z7", "3": "8B", "4": "A", "5": "S6", "6": "G8", "7": "1T", "8": "B3", "9": "5G",
    "A": "4", "B": "8", "C": "G", "D": "0", "E": "F", "F": "E", "G": "6C", "H": "N", "J": "U", "K": "X", "L": "1",
    "M": "N", "N": "M", "P": "R", "Q": "0", "R": "P", "S": "5", "T": "7", "U": "V", "V": "U", "W": "V", "X": "K",
    "Y": "V", "Z": "2",
    "А": "Л", "Б": "В8", "В": "8Б", "Г": "Т", "Д": "Л", "Е": "Ё", "З": "3Э", "И": "Н", "К": "Х", "Л": "АД",
    "М": "И", "Н": "ИМ", "О": "Ө0", "Ө": "О0Э", "П": "Л", "Р": "В", "С": "О", "Т": "Г", "У": "Ү", "Ү": "У",
    "Х": "К", "Ц": "Ч", "Ч": "Ц", "Ш": "Щ", "Э": "З", "Ю": "Я", "Я": "Ю",
    "蒙": "豪", "挂": "桂",
}  # fmt: skip
"""Look-alikes in Latin, Cyrillic and Chinese plates. Our choice from the letters' shapes; Ө for О is the classic."""


def misread(random: Random, text: str) -> str:
    """Return the text with one character, sometimes two, taken for a look-alike; never the text itself."""
    places = [place for place, letter in enumerate(text) if letter in _CONFUSED]
    if not places:
        return text[:-1]
    letters = list(text)
    for place in random.sample(places, 2 if len(places) > 1 and random.random() < 0.2 else 1):
        letters[place] = random.choice(_CONFUSED[letters[place]])
    return "".join(letters)


def confidence_pm(random: Random, *, right: bool) -> int:
    """Return a reading's confidence in per mille: high when right, usually low when wrong, sometimes deceptive.

    Beta distributions of our choice: means 0.96 and 0.66, so that about one misreading in ten looks trustworthy.
    """
    drawn = random.betavariate(60, 2.5) if right else random.betavariate(6, 3)
    return min(1000, max(0, round(drawn * 1000)))
