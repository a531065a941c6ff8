"""Synthetic photographs: a lorry's front or back, or a container's wall, with what is painted on it, by day or night.

Drawn, never fetched: no real vehicle, place or font file is in them. A picture takes a few milliseconds and 20 KiB.
"""

import functools
import io
from collections.abc import Callable
from pathlib import Path

import msgspec
from PIL import Image, ImageDraw, ImageFont

SIZE = (640, 360)
"""Width and height in pixels: enough to read a plate, small enough to draw in a few milliseconds."""

QUALITY = 72
"""JPEG quality; keeps a picture under 60 KiB."""

_LATIN = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    "/usr/share/fonts/dejavu/DejaVuSans-Bold.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf",
    "/Library/Fonts/Arial Unicode.ttf",
    "C:/Windows/Fonts/arialbd.ttf",
)
_CHINESE = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyhbd.ttc",
)

Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Tone = Callable[[int, int, int], Colour]


class Picture(msgspec.Struct, frozen=True):
    """A JPEG, and where in it the reading stands: x, y, width and height in pixels."""

    jpeg: bytes
    box: Box


@functools.lru_cache(maxsize=16)
def _font(size: int, *, chinese: bool) -> _Font:
    for path in _CHINESE if chinese else _LATIN:
        if Path(path).is_file():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)


def _write(draw: ImageDraw.ImageDraw, text: str, at: tuple[int, int], size: int, ink: Colour) -> int:
    """Write the text from its upper left corner; return its width. A sign that no font here has becomes a box."""
    x, y = at
    for letter in text:
        font = _font(size, chinese=letter >= "\u2e80")
        try:
            draw.text((x, y), letter, font=font, fill=ink)
            x += round(font.getlength(letter))
        except UnicodeEncodeError:
            draw.rectangle((x + 1, y + 2, x + size // 2, y + size), outline=ink)
            x += size // 2 + 3
    return x - at[0]


def _shade(colour: Colour, *, night: bool) -> Colour:
    return (colour[0] // 4, colour[1] // 4, colour[2] // 3) if night else colour


@functools.lru_cache(maxsize=8)
def _scene(view: str, *, night: bool) -> Image.Image:
    def tone(red: int, green: int, blue: int) -> Colour:
        return _shade((red, green, blue), night=night)

    image = Image.new("RGB", SIZE, tone(196, 205, 212))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 250, 640, 360), fill=tone(120, 118, 112))
    for stripe in range(0, 640, 80):
        draw.rectangle((stripe, 338, stripe + 40, 344), fill=tone(225, 215, 170))
    {"front": _front, "rear": _rear, "container": _container}[view](draw, tone)
    if night and view == "front":
        for x in (168, 432):
            draw.ellipse((x - 16, 236, x + 56, 292), fill=(250, 244, 214))
    return image


def _front(draw: ImageDraw.ImageDraw, tone: Tone) -> None:
    draw.rounded_rectangle((130, 40, 510, 318), 18, fill=tone(168, 52, 44))
    draw.rectangle((154, 70, 486, 170), fill=tone(52, 66, 78))
    draw.line((320, 70, 320, 170), fill=tone(30, 34, 40), width=4)
    for y in range(186, 236, 10):
        draw.rectangle((214, y, 426, y + 5), fill=tone(40, 40, 42))
    for x in (152, 420):
        draw.rounded_rectangle((x, 240, x + 68, 284), 8, fill=tone(235, 235, 225))
    for x in (140, 440):
        draw.rectangle((x, 318, x + 60, 346), fill=tone(24, 24, 26))


def _rear(draw: ImageDraw.ImageDraw, tone: Tone) -> None:
    draw.rectangle((120, 30, 520, 250), fill=tone(92, 100, 108))
    for x in range(150, 520, 46):
        draw.line((x, 30, x, 250), fill=tone(70, 76, 84), width=3)
    draw.rectangle((120, 250, 520, 276), fill=tone(40, 40, 44))
    for x in (128, 452):
        draw.rectangle((x, 254, x + 60, 272), fill=tone(190, 30, 30))
    for x in (150, 430):
        draw.rectangle((x, 290, x + 64, 346), fill=tone(24, 24, 26))


def _container(draw: ImageDraw.ImageDraw, tone: Tone) -> None:
    draw.rectangle((30, 40, 610, 290), fill=tone(46, 88, 128))
    for x in range(40, 610, 18):
        draw.line((x, 46, x, 284), fill=tone(38, 74, 110), width=5)
    draw.rectangle((30, 290, 610, 304), fill=tone(60, 62, 64))
    for x in (80, 140, 480, 540):
        draw.ellipse((x, 300, x + 50, 350), fill=tone(24, 24, 26))


def _encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def plate_picture(text: str, *, yellow: bool, front: bool, night: bool = False) -> Picture:
    """Return a lorry's front or back with this plate, yellow or white."""
    image = _scene("front" if front else "rear", night=night).copy()
    draw = ImageDraw.Draw(image)
    x, y, width, height = 228, 284, 184, 44
    draw.rounded_rectangle((x, y, x + width, y + height), 5, fill=(242, 196, 30) if yellow else (240, 240, 238))
    draw.rounded_rectangle((x + 3, y + 3, x + width - 3, y + height - 3), 4, outline=(20, 20, 20), width=2)
    written = _write(draw, text, (x + 14, y + 7), 26, (16, 16, 18))
    return Picture(_encoded(image), (x, y, max(width, written + 28), height))


def container_picture(number: str, size_type: str, *, night: bool = False) -> Picture:
    """Return a container's wall with its number and size-type code."""
    image = _scene("container", night=night).copy()
    draw = ImageDraw.Draw(image)
    ink = (236, 238, 240)
    written = _write(draw, f"{number[:4]} {number[4:10]} {number[10:]}", (300, 62), 30, ink)
    _write(draw, size_type, (300, 104), 30, ink)
    return Picture(_encoded(image), (296, 58, written + 8, 80))
