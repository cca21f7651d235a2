"""Draws a specimen identity card of a country that does not exist, lying on a desk as a phone would see it."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

# An ID-1 card (85.60 × 53.98 mm) at 300 dots an inch, on a desk a little larger.
CARD = (1012, 638)
DESK = (1200, 860)
INK = (38, 44, 62)
BAND = (31, 83, 92)
PAPER = ((229, 238, 232), (246, 240, 226))
JPEG_QUALITY = 82


@dataclass(frozen=True)
class Card:
    """Whose photograph is on the card, where in the portrait it is cut out (x, y, width), and what is printed."""

    portrait: str
    cut: tuple[int, int, int]
    given_name: str
    number: str


PHOTO = (300, 385)


def photographed(card: Card, portraits: dict[str, np.ndarray], seed: int) -> np.ndarray:
    """The card on a desk: slightly askew, lit from one side, with a sensor's noise."""
    chance = np.random.default_rng(seed)
    desk = desktop(chance)
    face = np.asarray(drawn(card, portraits[card.portrait]))
    left, top = (DESK[0] - CARD[0]) // 2, (DESK[1] - CARD[1]) // 2
    corners = np.float32([[0, 0], [CARD[0], 0], [CARD[0], CARD[1]], [0, CARD[1]]])
    askew = corners + [left, top] + chance.uniform(-22, 22, (4, 2))
    warp = cv2.getPerspectiveTransform(corners, np.float32(askew))
    shape = cv2.warpPerspective(rounded_mask(), warp, DESK)[..., None] / 255.0
    shadow = cv2.GaussianBlur(np.roll(shape[..., 0], (7, 5), (0, 1)), (0, 0), 9)[..., None]
    lying = cv2.warpPerspective(face, warp, DESK, flags=cv2.INTER_AREA)
    scene = desk * (1 - 0.45 * shadow) * (1 - shape) + lying * shape
    light = np.linspace(1.04, 0.9, DESK[0])[None, :, None] * np.linspace(1.02, 0.95, DESK[1])[:, None, None]
    scene = scene * light + chance.normal(0, 2.0, scene.shape)
    return np.clip(scene, 0, 255).astype(np.uint8)


def desktop(chance: np.random.Generator) -> np.ndarray:
    """A brown surface with long soft grain."""
    grain = cv2.GaussianBlur(chance.normal(0, 1, (DESK[1], DESK[0])), (0, 0), sigmaX=40, sigmaY=1.5)
    grain = grain / np.abs(grain).max()
    return np.float64([121, 96, 74]) + 22 * grain[..., None]


def rounded_mask() -> np.ndarray:
    """The outline of the card."""
    mask = Image.new("L", CARD, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, CARD[0] - 1, CARD[1] - 1), 34, fill=255)
    return np.asarray(mask)


def drawn(card: Card, portrait: np.ndarray) -> Image.Image:
    """The card itself, flat."""
    down = np.linspace(0, 1, CARD[1])[:, None, None]
    picture = Image.fromarray((np.float64(PAPER[0]) * (1 - down) + np.float64(PAPER[1]) * down
                               + np.zeros((1, CARD[0], 1))).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for step in range(0, 26):
        wave = [(x, 130 + step * 20 + 9 * np.sin(x / 47 + step * 0.7)) for x in range(0, CARD[0] + 8, 8)]
        pen.line(wave, fill=(206, 220, 214), width=1)
    pen.rectangle((0, 0, CARD[0], 104), fill=BAND)
    pen.text((44, 22), "REPUBLIC OF UTOPIA", font=font(36), fill=(255, 255, 255))
    pen.text((44, 66), "IDENTITY CARD  ·  SPECIMEN, NOT A DOCUMENT", font=font(22), fill=(196, 224, 224))
    photo = cut_out(card, portrait)
    picture.paste(photo, (48, 146))
    pen.rectangle((46, 144, 48 + PHOTO[0] + 1, 146 + PHOTO[1] + 1), outline=INK, width=2)
    write_lines(pen, card)
    ghost(picture, photo)
    stamp(picture)
    return picture


def cut_out(card: Card, portrait: np.ndarray) -> Image.Image:
    """The photograph on the card: head and shoulders."""
    x, y, width = card.cut
    height = width * PHOTO[1] // PHOTO[0]
    return Image.fromarray(portrait).crop((x, y, x + width, y + height)).resize(PHOTO, Image.Resampling.LANCZOS)


def write_lines(pen: ImageDraw.ImageDraw, card: Card) -> None:
    """The printed fields; every value is an obvious invention."""
    fields = [
        ("Surname", "SPECIMEN"),
        ("Given name", card.given_name),
        ("Date of birth", "01 JAN 1900"),
        ("Nationality", "UTOPIAN"),
        ("Card number", card.number),
        ("Valid until", "31 DEC 1999"),
    ]
    for row, (label, value) in enumerate(fields):
        y = 150 + row * 66
        pen.text((392, y), label, font=font(18), fill=(92, 112, 116))
        pen.text((392, y + 20), value, font=font(31), fill=INK)
    pen.text((48, 566), "Issued nowhere by nobody. Made for testing software.", font=font(21), fill=(92, 112, 116))


def ghost(picture: Image.Image, photo: Image.Image) -> None:
    """The small pale second portrait that many cards carry; it must not be taken for the subject."""
    small = photo.resize((120, 154), Image.Resampling.LANCZOS).convert("L").convert("RGB")
    place = (836, 420)
    under = picture.crop((*place, place[0] + 120, place[1] + 154))
    picture.paste(Image.blend(under, small, 0.45), place)


def stamp(picture: Image.Image) -> None:
    """SPECIMEN, large and slanting, beside the photograph."""
    layer = Image.new("RGBA", (620, 130), (0, 0, 0, 0))
    ImageDraw.Draw(layer).text((12, 8), "SPECIMEN", font=font(104), fill=(178, 40, 48, 92))
    turned = layer.rotate(24, expand=True, resample=Image.Resampling.BICUBIC)
    picture.paste(turned, (384, 190), turned)


def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font, so that every machine draws the same card."""
    return ImageFont.load_default(size)
