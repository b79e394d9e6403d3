"""The first screen of the report in the terminal: the verdict, the three answers, small heat maps, the ranked table."""

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Normalize
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from optlab.evidence import Evidence
from optlab.report import tables
from optlab.report.heatmap import HeatMap, heat_maps, scale

COLOURS = mpl.colormaps["cividis"]


def terminal(evidence: Evidence, console: Console) -> None:
    """Print the verdict, then per problem the answers, one small heat map per contender, and the ranked table.

    Names are printed as text: square brackets in them are no markup. Without colour the numbers in the maps (hundredths) still say it.
    """
    for place, sentence in enumerate(evidence.verdict):
        console.print(Text(sentence, style="bold" if place == 0 else ""))
    console.print()
    for problem in evidence.problems:
        if len(evidence.problems) > 1:
            console.print(Text(problem, style="bold underline"))
        for answer in evidence.answers:
            if answer.problem == problem:
                console.print(Text.assemble((answer.question, "dim"), "  ", (answer.short, "bold")))
                console.print(Padding(Text(answer.text), (0, 0, 1, 2)))
        maps = heat_maps(evidence, problem)
        bounds = scale(maps, evidence.metric.get(problem, ""))
        if maps:
            quantity = f"median {maps[0].quantity} in hundredths; columns: {_axis(maps[0].x_name)}"
            rows = f", rows: {_axis(maps[0].y_name)}" if maps[0].y_name else ""
            console.print(Text(f"{quantity}{rows}; -- diverged, brackets: chosen", style="dim"))
            console.print(Columns([_map(heat, bounds) for heat in maps], padding=(0, 3)))
            console.print()
        console.print(_ranked(evidence, problem))


def _axis(name: str | None) -> str:
    return {"lr": "learning rate", "l1": "L1", "l2": "L2"}.get(str(name), str(name))


def _map(heat: HeatMap, bounds: tuple[float, float]) -> RenderableType:
    norm = Normalize(*bounds, clip=True)
    lines = [Text(heat.contender, style="bold")]
    for i in range(len(heat.y)):
        line = Text()
        for j in range(len(heat.x)):
            value = float(heat.median[i, j])
            chosen = heat.chosen == (i, j)
            number = "  " if np.isnan(value) else "--" if np.isinf(value) else f"{min(99, max(0, int(100 * value))):2d}"
            red, green, blue, _ = COLOURS(float(norm(value))) if np.isfinite(value) else (0.3, 0.3, 0.3, 1.0)
            ink = "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"
            style = f"{'bold ' if chosen else ''}{ink} on {mpl.colors.to_hex((red, green, blue))}"
            line.append(f"[{number}]" if chosen else f" {number} ", style=style)
        lines.append(line)
    return Group(*lines, Text())


def _ranked(evidence: Evidence, problem: str) -> Table:
    ranked = tables.confirmed(evidence, problem)
    table = Table(box=None, pad_edge=False, header_style="dim", title_justify="left", title_style="dim")
    own = evidence.ranked[evidence.ranked["problem"].eq(problem)]
    claimed = own["claimed_on"].dropna()
    data = claimed.iloc[0] if len(claimed) else evidence.claimed_on.get(problem, "test")
    table.title = f"fresh replicates, {data}" if ranked else f"tuning replicates, {data}: nothing is confirmed, nobody is ranked"
    table.add_column("#" if ranked else "", justify="right")
    table.add_column("contender")
    table.add_column("median", justify="right")
    rows = tables.ranked(evidence, problem)
    intervals = ["95 % interval"] if any(row["interval"] for row in rows) else []
    for heading in (*intervals, "range"):
        table.add_column(heading)
    for heading in tables.headings(evidence, problem):
        table.add_column(Text(heading), justify="right")
    table.add_column("diverged", justify="right")
    table.add_column("stuck", justify="right")
    for row in rows:
        spread = [row["interval"], row["range"]] if intervals else [row["range"]]
        cells = [row["rank"], row["contender"], row["median"], *spread, *row["settings"], row["diverged"], row["stuck"]]
        table.add_row(*(Text(cell) for cell in cells))
    return table
