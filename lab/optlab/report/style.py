"""How every picture looks and is saved: 8 pt at the final width, colours that colour-blind readers and grey printers can tell apart.

Figures are ``matplotlib.figure.Figure`` objects drawn without pyplot: no global state, no window. Lengths are inches. An SVG keeps its
text as text and may be put into the page, where ``inline`` turns its inks into CSS variables, so one drawing serves light and dark.
"""

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from optlab.report import fonts

INK, MUTED, FAINT, PAPER, VOID = "#222222", "#666666", "#dddddd", "#ffffff", "#e6e6e6"
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555", "#8c564b")
"""Okabe and Ito's colours, https://jfly.uni-koeln.de/color/, without their yellow (invisible on white), grey for black (the ink), brown."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
Dash = tuple[int, tuple[float, ...]]
DASHES: tuple[Dash, ...] = ((0, ()), (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1.2, 1.5)), (0, (8, 2)), (0, (3, 1)))
SIZE, SMALL, TINY = 8.0, 6.8, 6.0
RC: dict[str, Any] = {
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": SIZE,
    "axes.linewidth": 0.6,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "hatch.linewidth": 0.5,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "text.parse_math": False,
}
COLUMN, TWO_COLUMNS = 3.37, 7.0


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save inside this: a name with a ``$`` is text, not mathematics, and the user's own matplotlib settings do not leak in."""
    with mpl.rc_context(), warnings.catch_warnings():
        # A letter that no font here has is drawn as a box; the tables of the page have it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(RC)  # type: ignore[arg-type]
        mpl.rcParams["font.family"] = [*fonts.families(), "sans-serif"]
        yield


def blank(width: float, height: float) -> Figure:
    """Return an empty figure of that many inches."""
    figure = Figure(figsize=(width, height), dpi=100)
    FigureCanvasAgg(figure)
    return figure


def shorten(name: str, most: int = 30) -> str:
    """Return ``name`` cut to ``most`` characters with an ellipsis."""
    return name if len(name) <= most else name[: most - 1] + "…"


def write(figure: Figure, x: float, y: float, text: str, size: float = SIZE, colour: str = INK, **options: Any) -> Text:
    """Write ``text`` at (x, y) inches from the lower left corner."""
    width, height = figure.get_size_inches()
    return figure.text(x / width, y / height, text, fontsize=size, color=colour, **options)


def swatch(
    figure: Figure, x: float, y: float, face: str, edge: str, hatch: str | None = None, line: float = 0.0, dash: str | Dash = "-"
) -> None:
    """Draw one key of a legend, 0.16 x 0.09 inches, with its lower left corner at (x, y) inches."""
    look: dict[str, Any] = {"facecolor": face, "edgecolor": edge, "hatch": hatch, "linewidth": line, "linestyle": dash}
    box = Rectangle((x, y), 0.16, 0.09, clip_on=False, **look)
    box.set_transform(figure.dpi_scale_trans)
    note(figure, figure.add_artist(box))


def bar(figure: Figure, x: float, y: float, width: float) -> None:
    """Draw the key of the heat maps' bars, ``width`` inches long."""
    box = Rectangle((x, y), width, 0.02, facecolor=INK, linewidth=0.0)
    box.set_transform(figure.dpi_scale_trans)
    note(figure, figure.add_artist(box))


def png(figure: Figure, dpi: int = 220) -> bytes:
    """Return the figure as PNG bytes."""
    with styled():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
        return buffer.getvalue()


def pdf(figure: Figure) -> bytes:
    """Return the figure as PDF bytes, its fonts embedded as TrueType: journals refuse Type 3."""
    with styled():
        mpl.rcParams["font.family"] = [fonts.family(), *fonts.families()]
        buffer = io.BytesIO()
        figure.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
        return buffer.getvalue()


def svg(figure: Figure, salt: str) -> str:
    """Return the figure as an SVG document; ``salt``, its name, makes its identifiers its own and reproducible."""
    with styled():
        mpl.rcParams["svg.hashsalt"] = salt
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        return buffer.getvalue()


_VARIABLES = {INK: "ink", MUTED: "muted", FAINT: "faint", PAPER: "paper", VOID: "void", **{hue: f"c{k}" for k, hue in enumerate(PALETTE)}}


def mark(artist: Artist, name: str) -> None:
    """Name an artist for the page, once each in a figure.

    ``cell:ROW:COLUMN`` for a heat map's cell, ``of:PLACE:NUMBER`` for what belongs to one contender, ``note:NUMBER`` for a caption or key
    that the page says once for all.
    """
    artist.set_gid(name)


def note(figure: Figure, artist: Artist) -> None:
    """Mark an artist as part of a caption or key."""
    mark(artist, f"note:{len(figure.texts) + len(figure.patches) + len(figure.artists)}")


def inline(document: str, label: str, prefix: str, titles: Mapping[str, str] | None = None, cut: float = 0.0) -> str:
    """Return an SVG document as an element for the page: named for screen readers, inks as CSS variables, sized by its container.

    ``prefix`` goes before each identifier, so that several drawings on one page do not share theirs. ``titles`` (name given to ``mark`` ->
    text) become the titles of those parts; a browser shows them when the pointer rests there, with or without the page's script. ``cut``
    inches at the foot, where only notes stand, are left out of sight.
    """
    body = document[document.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = _short(body)
    body = re.sub(r'<g id="([^"]*)">', lambda found: _group(found[1], titles or {}), body)
    body = re.sub(r' id="([^"]+)"', rf' id="{prefix}\1"', body)
    body = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{prefix}", body)
    body = re.sub(r"'DejaVu Sans'(, [^;\"]*sans-serif)?", "var(--sans)", body)
    for colour, variable in _VARIABLES.items():
        body = re.sub(rf"{colour}(?=[;\"])", f"var(--{variable},{colour})", body)
    if cut:
        body = re.sub(
            r'viewBox="0 0 ([\d.]+) ([\d.]+)"', lambda size: f'viewBox="0 0 {size[1]} {float(size[2]) - 72 * cut:.2f}"', body, count=1
        )
    box = re.search(r'viewBox="[^"]+"', body)
    opening = f"<svg {box.group(0) if box else ''}"  # a page needs no namespaces, and without them holds no URL at all
    title = f"<title>{escape(label)}</title>"
    return re.sub(r"<svg[^>]*>", lambda _: f'{opening} role="img" aria-label="{escape(label)}">{title}', body, count=1).strip()


def _short(body: str) -> str:
    """Return an SVG without what does not show: a third of the text. Hundredths of a point are kept."""
    body = re.sub(r'(?<= d=")[^"]*', lambda path: _path(path[0]), body)
    body = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", body)
    return re.sub(r">\s+<", ">\n<", body)


def _path(text: str) -> str:
    text = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), " ".join(text.split()))
    text = re.sub(r" ?([A-Za-z]) ?", r"\1", text)
    corner = r"(-?[\d.]+)"
    box = re.fullmatch(rf"M{corner} {corner}L{corner} \2L\3 {corner}L\1 \4(?:z|L\1 \2z)", text)
    return f"M{box[1]} {box[2]}H{box[3]}V{box[4]}H{box[1]}z" if box else text


def _group(name: str, titles: Mapping[str, str]) -> str:
    kind, *numbers = name.split(":")
    if kind == "cell":
        text = f"<title>{escape(titles[name])}</title>" if name in titles else ""
        return f'<g class="cell" data-at="{",".join(numbers)}">{text}'
    return f'<g data-of="{numbers[0]}">' if kind == "of" else '<g class="note">' if kind == "note" else "<g>"
