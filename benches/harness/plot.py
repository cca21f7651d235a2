"""Draws lines over two axes as SVG, on a ground of its own that follows the reader's light or dark."""

import math
from html import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 72, 24, 64, 60
# Told apart by people who see colours differently too (after Okabe and Ito), and by their marks.
COLOURS = ("#3a8fd0", "#d55e00", "#009e73", "#cc79a7")
# Plain classes first: what knows nothing of dark or light still draws on white.
STYLE = """
text { fill: #24292f; font: 13px system-ui, sans-serif; } .title { font-size: 16px; font-weight: 600; }
.ground { fill: #ffffff; } .grid { stroke: #d0d7de; } .axis { stroke: #24292f; }
.end { text-anchor: end; } .middle { text-anchor: middle; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .ground { fill: #161b22; } .grid { stroke: #3b434d; } .axis { stroke: #e6edf3; }
}
"""


def svg(drawing: dict) -> str:
    """A drawing has a title, `x` and `y` (each with a label and, if wanted, "log": true) and series of named points."""
    points = [point for series in drawing["series"] for point in series["points"]]
    across = Axis(drawing["x"], [point[0] for point in points], LEFT, WIDTH - RIGHT)
    up = Axis(drawing["y"], [point[1] for point in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(drawing["title"])}">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        text(LEFT, 28, drawing["title"], "title"),
        *grid(across, up),
        *legend(drawing["series"]),
        *(piece for series, colour in zip(drawing["series"], COLOURS) for piece in line(series, colour, across, up)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class Axis:
    """Where a value lies between two pixels, and which values are worth a line of the grid."""

    def __init__(self, wanted: dict, values: list[float], start: float, end: float):
        self.label = wanted["label"]
        self.log = wanted.get("log", False)
        self.start, self.end = start, end
        self.ticks = wanted.get("ticks") or (decades(values) if self.log else rounds(max(values)))
        self.least, self.most = min(self.ticks[0], *values), max(self.ticks[-1], *values)

    def at(self, value: float) -> float:
        part = (self.scaled(value) - self.scaled(self.least)) / (self.scaled(self.most) - self.scaled(self.least))
        return round(self.start + part * (self.end - self.start), 1)

    def scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value


def rounds(most: float) -> list[float]:
    """From zero in steps of 1, 2 or 5 times a power of ten, five or so, past the largest value."""
    rough = (most or 1) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [index * step for index in range(math.ceil((most or 1) / step - 1e-9) + 1)]


def decades(values: list[float]) -> list[float]:
    """1, 2 and 5 times powers of ten, from the last one below the values to the first one above."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    steps = [factor * 10**power for power in range(low - 1, high + 1) for factor in (1, 2, 5)]
    first = max(step for step in steps if step <= min(values))
    last = min(step for step in steps if step >= max(values))
    return [step for step in steps if first <= step <= last]


def grid(across: Axis, up: Axis) -> list[str]:
    pieces = []
    for tick in up.ticks:
        y = up.at(tick)
        pieces += [f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>', text(LEFT - 8, y + 4, f"{tick:g}", "end")]
    for tick in across.ticks:
        x = across.at(tick)
        pieces += [f'<line class="axis" x1="{x}" y1="{HEIGHT - BOTTOM}" x2="{x}" y2="{HEIGHT - BOTTOM + 5}"/>']
        pieces += [text(x, HEIGHT - BOTTOM + 22, f"{tick:g}", "middle")]
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return pieces + [
        f'<line class="axis" x1="{LEFT}" y1="{HEIGHT - BOTTOM}" x2="{WIDTH - RIGHT}" y2="{HEIGHT - BOTTOM}"/>',
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, across.label, "middle"),
        f'<text class="middle" transform="translate(18 {middle}) rotate(-90)">{escape(up.label)}</text>',
    ]


def legend(series: list[dict]) -> list[str]:
    pieces, x = [], LEFT
    for index, entry in enumerate(series):
        pieces += [mark(index, x + 6, 46, COLOURS[index]), text(x + 18, 50, entry["name"])]
        x += 40 + 7 * len(entry["name"])
    return pieces


def line(series: dict, colour: str, across: Axis, up: Axis) -> list[str]:
    places = [(across.at(x), up.at(y)) for x, y in series["points"]]
    joined = " ".join(f"{x},{y}" for x, y in places)
    path = f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'
    return [path, *(mark(COLOURS.index(colour), x, y, colour) for x, y in places)]


def mark(index: int, x: float, y: float, colour: str) -> str:
    """A disc, a square, a diamond, a triangle."""
    if index == 0:
        return f'<circle cx="{x}" cy="{y}" r="4.5" fill="{colour}"/>'
    if index == 1:
        return f'<rect x="{x - 4}" y="{y - 4}" width="8" height="8" fill="{colour}"/>'
    corners = [(0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)] if index == 2 else [(0, -5.5), (5, 4), (-5, 4)]
    return f'<polygon points="{" ".join(f"{x + dx},{y + dy}" for dx, dy in corners)}" fill="{colour}"/>'


def text(x: float, y: float, words: str, kind: str = "") -> str:
    shown = f' class="{kind}"' if kind else ""
    return f'<text{shown} x="{x}" y="{y}">{escape(words)}</text>'
