"""Pictures of series: values, levels, the places where a level changed and where that was found. Plain SVG text."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10
from xml.sax.saxutils import escape

from pixelshift.errors import InternalError, InvalidRequestError
from pixelshift.fonts import GENERIC_FAMILIES
from pixelshift.streams.envelope import Bucket, Envelope
from pixelshift.value import frozen

VALUE_LIMIT = 1e300
"""Beyond this, values are drawn at the limit: differences of larger ones would overflow."""


@frozen
class Mark:
    """One change of level to be drawn."""

    index: int
    """Stream position of the first point of the new level."""
    detected_at: int
    """Stream position of the point at which the change was found."""
    offset: float
    before: float
    after: float
    note: str = ""
    """Shown when the pointer rests on the mark."""


@frozen
class Panel:
    """One series with its changes."""

    title: str
    values: Envelope
    marks: Sequence[Mark] = ()
    truth: Sequence[int] = ()
    """Positions of changes that are known to be there, for simulated series."""


@frozen
class Theme:
    """Colours of a picture."""

    paper: str
    ink: str
    muted: str
    grid: str
    series: str
    rise: str
    fall: str


THEMES = {
    "light": Theme("#ffffff", "#1a2028", "#64707d", "#e9edf1", "#7f97ae", "#c4500a", "#1763b8"),
    "dark": Theme("#12161b", "#eef2f6", "#95a1ae", "#262d35", "#7890a8", "#ff9a52", "#6cb2ff"),
}

FONT = "Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"


@frozen
class _Frame:
    """Where a panel lies on the paper and how positions and values map onto it."""

    left: float
    right: float
    top: float
    bottom: float
    first: int
    last: int
    low: float
    high: float

    def x(self, position: float) -> float:
        return self.left + (position - self.first) / max(1, self.last - self.first) * (self.right - self.left)

    def y(self, value: float) -> float:
        share = (_held(value) - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)


def plot_svg(panels: Sequence[Panel], *, width_px: int = 1_100, height_px: int = 380, theme: str = "light") -> str:
    """An SVG document with one panel below the other, each ``height_px`` high."""
    colours = THEMES.get(theme)
    if colours is None:
        raise InvalidRequestError(f"no theme {theme!r}; there are: {', '.join(THEMES)}")
    height = height_px * max(1, len(panels))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_px}" height="{height}" '
        f'viewBox="0 0 {width_px} {height}" font-family="{FONT}" font-size="13" role="img">',
        f"<title>{_text('; '.join(_summary(panel) for panel in panels) or 'no series')}</title>",
        f'<rect width="{width_px}" height="{height}" fill="{colours.paper}"/>',
    ]
    for i, panel in enumerate(panels):
        parts += _panel(panel, colours, (0.0, float(i * height_px), float(width_px), float((i + 1) * height_px)))
    return "\n".join([*parts, "</svg>", ""])


def plot_png(svg: str, *, scale: float = 2.0) -> bytes:
    """The same picture as PNG, ``scale`` pixels for each of the SVG's units.

    :raises InvalidRequestError: this machine has no font to write with.
    """
    import resvg_py

    probe = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{}</svg>'
    letter = '<text x="2" y="16" font-family="sans-serif" font-size="16">M</text>'
    written = resvg_py.svg_to_bytes(svg_string=probe.format(letter), **GENERIC_FAMILIES)
    if written == resvg_py.svg_to_bytes(svg_string=probe.format("")):
        raise InvalidRequestError("a PNG needs a font: install one (Debian: fonts-dejavu-core) or write an SVG")
    png = resvg_py.svg_to_bytes(svg_string=svg, zoom=scale, **GENERIC_FAMILIES)
    if not png:
        raise InternalError("the plot could not be rendered")
    return bytes(png)


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """About ``count`` round numbers (1, 2, 2.5 or 5 x a power of ten apart) within ``low..high``."""
    span = high - low
    if not (isfinite(span) and span > 0):
        return [low]
    rough = span / max(1, count)
    power = 10.0 ** floor(log10(rough))
    step = next((m * power for m in (1.0, 2.0, 2.5, 5.0) if m * power >= rough), 10.0 * power)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)][: 4 * count]


def _panel(panel: Panel, theme: Theme, box: tuple[float, float, float, float]) -> list[str]:
    buckets = list(panel.values)
    left, top, right, bottom = box
    parts = [
        f'<text x="{left + 20:.0f}" y="{top + 28:.0f}" font-size="16" font-weight="600" fill="{theme.ink}">'
        f"{_text(_shortened(panel.title, 60))}</text>",
        *_legend(panel, theme, right - 20, top + 28),
    ]
    known = [b for b in buckets if isfinite(b.mean)]
    if not known:
        middle = f'x="{(left + right) / 2:.0f}" y="{(top + bottom) / 2:.0f}" text-anchor="middle"'
        return [*parts, f'<text {middle} fill="{theme.muted}">no values yet</text>']
    low, high = _range(known)
    ticks = nice_ticks(low, high, 5)
    labels = _tick_labels(ticks)
    frame = _Frame(
        left=left + 28 + 7.6 * max(len(label) for label in labels),
        right=right - 24,
        top=top + 72,
        bottom=bottom - 44,
        first=buckets[0].start,
        last=panel.values.start + panel.values.count - 1,
        low=low,
        high=high,
    )
    parts += _axes(frame, theme, list(zip(ticks, labels, strict=True)))
    parts += _truth(panel, frame, theme)
    shown = [mark for mark in panel.marks if frame.first < mark.index <= frame.last]
    parts += _delays(shown, frame, theme)
    parts += _series(buckets, frame, theme)
    parts += _levels(panel, shown, frame, theme)
    return parts + _marks(shown, frame, theme)


def _range(known: Sequence[Bucket]) -> tuple[float, float]:
    low, high = _held(min(b.low for b in known)), _held(max(b.high for b in known))
    pad = 0.06 * (high - low) or max(1e-9, 0.05 * abs(high))
    return low - pad, high + pad


def _legend(panel: Panel, theme: Theme, right: float, y: float) -> list[str]:
    """Right-aligned: each entry is a little drawing and its word."""
    line = f'<line x1="{{0}}" x2="{{1}}" y1="{y - 4:.0f}" y2="{y - 4:.0f}" stroke="{{2}}" stroke-width="{{3}}" {{4}}/>'
    entries = [("series", line, theme.series, 1.5, ""), ("level", line, theme.ink, 2.5, "")]
    if panel.marks:
        entries.append(("change", line, theme.rise, 2, ""))
        entries.append(("time until found", line, theme.rise, 11, 'stroke-opacity="0.22"'))
    if panel.truth:
        entries.append(("true change", line, theme.muted, 1.5, 'stroke-dasharray="2 3"'))
    parts: list[str] = []
    for word, drawing, colour, width, extra in reversed(entries):
        start = right - 7.0 * len(word)
        parts.append(f'<text x="{start:.0f}" y="{y:.0f}" font-size="12" fill="{theme.muted}">{word}</text>')
        parts.append(drawing.format(f"{start - 26:.0f}", f"{start - 6:.0f}", colour, width, extra))
        right = start - 40
    return parts


def _axes(frame: _Frame, theme: Theme, ticks: Sequence[tuple[float, str]]) -> list[str]:
    parts = []
    for value, label in ticks:
        y = frame.y(value)
        parts.append(f'<path d="M{frame.left:.1f} {y:.1f}H{frame.right:.1f}" stroke="{theme.grid}"/>')
        parts.append(
            f'<text x="{frame.left - 10:.1f}" y="{y + 4.5:.1f}" text-anchor="end" fill="{theme.muted}">{label}</text>'
        )
    positions = [t for t in nice_ticks(frame.first, frame.last, 9) if t == floor(t)]
    for position in positions:
        x = frame.x(position)
        parts.append(f'<path d="M{x:.1f} {frame.bottom:.1f}v5" stroke="{theme.muted}"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{frame.bottom + 21:.1f}" text-anchor="middle" fill="{theme.muted}">'
            f"{int(position):,}</text>"
        )
    parts.append(f'<path d="M{frame.left:.1f} {frame.bottom:.1f}H{frame.right:.1f}" stroke="{theme.muted}"/>')
    return parts


def _truth(panel: Panel, frame: _Frame, theme: Theme) -> list[str]:
    return [
        f'<path d="M{frame.x(at - 0.5):.1f} {frame.top:.1f}V{frame.bottom:.1f}" stroke="{theme.muted}" '
        f'stroke-width="1.5" stroke-dasharray="2 3"><title>true change at {at:,}</title></path>'
        for at in panel.truth
        if frame.first < at <= frame.last
    ]


def _series(buckets: Sequence[Bucket], frame: _Frame, theme: Theme) -> list[str]:
    """A thin line through the means, broken at gaps; a shaded band from low to high where buckets hold several."""
    parts = []
    for run in _runs(buckets):
        middles = [frame.x(b.start + (min(b.start + b.size - 1, frame.last) - b.start) / 2) for b in run]
        if run[0].size > 1:
            upper = [f"{x:.1f} {frame.y(b.high):.1f}" for x, b in zip(middles, run, strict=True)]
            lower = [f"{x:.1f} {frame.y(b.low):.1f}" for x, b in zip(middles, run, strict=True)]
            outline = "L".join([*upper, *reversed(lower)])
            parts.append(f'<path d="M{outline}Z" fill="{theme.series}" fill-opacity="0.35"/>')
        points = "L".join(f"{x:.1f} {frame.y(b.mean):.1f}" for x, b in zip(middles, run, strict=True))
        parts.append(
            f'<path d="M{points}{"h0.01" if len(run) == 1 else ""}" fill="none" stroke="{theme.series}" '
            f'stroke-width="{1.5 if len(buckets) <= 600 else 1.1}" stroke-linejoin="round" stroke-linecap="round"/>'
        )
    if len(buckets) <= 150:
        dots = [b for b in buckets if isfinite(b.mean)]
        parts += [
            f'<circle cx="{frame.x(b.start):.1f}" cy="{frame.y(b.mean):.1f}" r="2.2" fill="{theme.series}"/>'
            for b in dots
        ]
    return parts


def _runs(buckets: Sequence[Bucket]) -> list[list[Bucket]]:
    runs: list[list[Bucket]] = [[]]
    for bucket in buckets:
        if isfinite(bucket.mean):
            runs[-1].append(bucket)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _levels(panel: Panel, marks: Sequence[Mark], frame: _Frame, theme: Theme) -> list[str]:
    """A thick line for each level: the median that the detector gave, for the last level that of what is drawn."""
    bounds = [frame.first, *(mark.index for mark in marks), frame.last + 1]
    heights = [mark.before for mark in marks] + [panel.values.level(bounds[-2], bounds[-1])]
    parts = []
    for begin, end, height in zip(bounds, bounds[1:], heights, strict=False):
        if frame.low <= height <= frame.high and end > begin:
            x1, x2 = frame.x(max(frame.first, begin - 0.5)), frame.x(min(frame.last, end - 0.5))
            parts.append(
                f'<path d="M{x1:.1f} {frame.y(height):.1f}H{x2:.1f}" stroke="{theme.ink}" stroke-width="2.5" '
                f'stroke-linecap="round"><title>level {_number(height)}</title></path>'
            )
    return parts


def _delays(marks: Sequence[Mark], frame: _Frame, theme: Theme) -> list[str]:
    parts = []
    for mark in marks:
        colour = theme.rise if mark.offset >= 0 else theme.fall
        x1, x2 = frame.x(mark.index - 0.5), frame.x(min(mark.detected_at, frame.last))
        parts.append(
            f'<rect x="{x1:.1f}" y="{frame.top:.1f}" width="{max(0.5, x2 - x1):.1f}" '
            f'height="{frame.bottom - frame.top:.1f}" fill="{colour}" fill-opacity="0.14"/>'
        )
        parts.append(f'<path d="M{x2:.1f} {frame.bottom:.1f}l-4 7h8z" fill="{colour}"><title>found</title></path>')
    return parts


def _marks(marks: Sequence[Mark], frame: _Frame, theme: Theme) -> list[str]:
    """A line where each level begins, with the size of the change above it as far as there is room."""
    parts: list[str] = []
    ends = [float("-inf"), float("-inf")]  # right ends of the labels in the two rows
    for mark in marks:
        colour = theme.rise if mark.offset >= 0 else theme.fall
        x = frame.x(mark.index - 0.5)
        note = mark.note or f"level changed by {_number(mark.offset)} at {mark.index:,}, found at {mark.detected_at:,}"
        parts.append(
            f'<path d="M{x:.1f} {frame.top - 4:.1f}V{frame.bottom:.1f}" stroke="{colour}" stroke-width="2">'
            f"<title>{_text(note)}</title></path>"
        )
        label = f"{'▲' if mark.offset >= 0 else '▼'} {_number(mark.offset, sign=True)}"
        half = 3.9 * len(label)
        middle = min(max(x, frame.left + half), frame.right - half)
        row = next((i for i, end in enumerate(ends) if middle - half > end), None)
        if row is not None:
            ends[row] = middle + half + 4
            parts.append(
                f'<text x="{middle:.1f}" y="{frame.top - 10 - 15 * row:.1f}" text-anchor="middle" font-size="12" '
                f'font-weight="600" fill="{colour}">{label}</text>'
            )
    return parts


def _summary(panel: Panel) -> str:
    count = len(panel.marks)
    return f"{panel.title}: {panel.values.count:,} observations, {count} change{'' if count == 1 else 's'} of level"


def _tick_labels(ticks: Sequence[float]) -> list[str]:
    step = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else 0.0
    size = max(abs(t) for t in ticks)
    if size >= 1e7 or (0 < size < 1e-4):
        return [f"{t:.3g}" for t in ticks]
    decimals = max(0, 2 - floor(log10(step))) if step else 3
    texts = [f"{t + 0.0:,.{min(decimals, 9)}f}" for t in ticks]
    while decimals and all(text.endswith("0") for text in texts):
        texts = [text[:-1].rstrip(".") for text in texts]
        decimals -= 1
    return texts


def _number(value: float, *, sign: bool = False) -> str:
    size = abs(value)
    if size >= 1e6 or (0 < size < 1e-3):
        text = f"{size:.3g}"
    else:
        text = f"{size:,.{max(0, min(5, 2 - floor(log10(size)))) if size else 0}f}"
    return ("−" if value < 0 else "+" if sign else "") + text


def _held(value: float) -> float:
    return min(max(value, -VALUE_LIMIT), VALUE_LIMIT)


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _text(text: str) -> str:
    """Fit for XML: escaped, and without the control characters that XML forbids."""
    return escape("".join(c if c.isprintable() else " " for c in text))
