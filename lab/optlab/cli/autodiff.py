"""`optlab autodiff`: the worked table of automatic differentiation, and its picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optlab.cli.tables import Json, console, print_json
from optlab.errors import OptlabError, nearest

if TYPE_CHECKING:
    from optlab.formula.differences import Way
    from optlab.formula.rowwise import Row
    from optlab.formula.worked import Formula

MOST_ROWS = 60
"""Rows of a table in the terminal; of a longer one the first and last are shown, and --json has all."""


def autodiff(
    expression: Annotated[str, typer.Argument(metavar="EXPRESSION", help='Arithmetic and elementary functions: "sqrt(x**2 + exp(x**2))".')],
    at: Annotated[list[str] | None, typer.Option("--at", metavar="x=1.5,y=2", help="The point. May be repeated.")] = None,
    derivative: Annotated[
        list[str] | None,
        typer.Option("--derivative", metavar="EXPRESSION", help="A derivative by hand to compare; y=EXPRESSION says by which variable."),
    ] = None,
    order: Annotated[int, typer.Option(min=1, max=2, help="2: second derivatives too, by reverse over forward.")] = 1,
    as_written: Annotated[bool, typer.Option("--as-written", help="Repeat equal intermediates instead of sharing them.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the graph into FILE, .png or .svg.")] = None,
    json: Json = False,
) -> None:
    """Differentiate a formula in the open: every intermediate with its value, local derivatives, tangent and adjoint.

    The result by forward and reverse accumulation, by hand, and by finite differences with their errors, and what each costs.
    Division by zero and the like give IEEE results (inf, nan) with a note.

    Example: `optlab autodiff "sqrt(x**2 + exp(x**2))" --at x=1.5`
    """
    from optlab.formula import rowwise, worked
    from optlab.formula.differences import ways

    formula = worked.autodiff(expression)
    point = formula.point(_point(at or []))
    if plot is not None and plot.suffix.lower() not in (".png", ".svg"):
        raise OptlabError(f"--plot {plot}: a picture is a .png or a .svg file")
    rows = rowwise.rows(formula.graph if as_written else formula.merged, point)
    found = ways(formula, point, _by_hand(formula, derivative or []))
    second = formula.hessian(**point) if order == 2 else None
    if plot is not None:
        _draw(formula, point, rows, plot)
    if json:
        print_json(record(formula, point, rows, found, second))
    else:
        show(formula, point, rows, found, second)
        if plot is not None:
            console().print(f"\n{plot}", soft_wrap=True)


def _point(words: list[str]) -> dict[str, float]:
    """``["x=1.5,y=2", "z=3"]`` as numbers by name."""
    found: dict[str, float] = {}
    for word in ",".join(words).split(",") if words else ():
        name, equals, text = (part.strip() for part in word.partition("="))
        try:
            value = float(text)
        except ValueError:
            value = math.nan if not equals else _number(text, word)
        if not equals or not name:
            raise OptlabError(f"--at {word.strip()!r} is not of the form x=1.5")
        if name in found:
            raise OptlabError(f"--at gives {name} twice")
        found[name] = value
    return found


def _number(text: str, word: str) -> float:
    """A value such as ``pi/2``: an expression without variables."""
    from optlab.formula import worked

    formula = worked.autodiff(text)
    if formula.variables:
        raise OptlabError(f"--at {word.strip()!r}: {text!r} is not a number")
    return float(formula.value())


def _by_hand(formula: Formula, texts: list[str]) -> dict[str, Formula]:
    from optlab.formula import worked

    found = {}
    for text in texts:
        name, equals, right = text.partition("=")
        named = bool(equals) and name.strip().isidentifier() and not right.startswith("=")
        variable = name.strip() if named else (formula.variables[0] if len(formula.variables) == 1 else "")
        if variable not in formula.variables:
            known = ", ".join(formula.variables) or "none"
            close = nearest(variable, formula.variables)
            raise OptlabError(f"--derivative {text[:60]!r}: say by which variable, as in x=EXPRESSION{close}; the variables are {known}")
        found[variable] = worked.autodiff(right if named else text)
    return found


# -- for programs -----------------------------------------------------------------------------------------------------------------


def record(
    formula: Formula, point: dict[str, float], rows: list[Row], found: list[Way], second: dict[str, dict[str, float]] | None
) -> dict[str, Any]:
    """Everything as plain data; inf and nan, which JSON lacks, are the texts "inf", "-inf", "nan"."""
    about: dict[str, Any] = {
        "expression": formula.text,
        "at": point,
        "value": formula.value(**point),
        "gradient": formula.gradient(**point),
        "flops": formula.flops,
        "flops_shared": formula.flops_shared,
        "table": [row._asdict() for row in rows],
        "ways": [way._asdict() for way in found],
    }
    if second is not None:
        about |= {"hessian": second, "hessian_flops_shared": formula.second.flops_shared}
    return _plain(about)  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


# -- for people -------------------------------------------------------------------------------------------------------------------


def show(formula: Formula, point: dict[str, float], rows: list[Row], found: list[Way], second: dict[str, dict[str, float]] | None) -> None:
    """Print the worked table, the results, the costs."""
    from rich.text import Text

    out, variables = console(), formula.variables
    where = ", ".join(f"{name} = {_short(value)}" for name, value in point.items())
    text = formula.text if len(formula.text) <= 200 else f"{formula.text[:200]}..."
    head = Text.assemble((f"f = {text}", "bold"), f"\n    at {where}" if where else "", f"\n    f = {formula.value(**point)!r}\n")
    out.print(head, soft_wrap=True)
    _print_rows(rows, variables)
    notes = [f"{row.name}: {row.note}" for row in rows if row.note]
    for note in notes[:MOST_ROWS]:
        out.print(Text(f"  {note}", style="yellow"), soft_wrap=True)
    out.print()
    if variables:
        _print_ways(found, variables)
    same = formula.flops == formula.flops_shared
    out.print(Text(f"f itself: {formula.flops} FLOPs" + (", nothing shared" if same else f" as written, {formula.flops_shared} shared")))
    if second is not None and variables:
        _print_second(formula, point, second)


def _print_rows(rows: list[Row], variables: tuple[str, ...]) -> None:
    tangents = [f"d/d{name}" if len(variables) > 1 else f"tangent d/d{name}" for name in variables]
    columns = ("", "elementary function", "parents", "value", "local derivatives", *tangents, "adjoint df/d")
    numbers = ("value", *tangents, "adjoint df/d")
    shown = rows if len(rows) <= MOST_ROWS else rows[: MOST_ROWS // 2] + rows[-MOST_ROWS // 2 :]
    cells = []
    for row in shown:
        local = "\n".join(f"d{row.name}/d{parent} = {_short(slope)}" for parent, slope in row.local.items())
        slopes = (_short(row.tangents[name]) for name in variables)
        cells.append((row.name, row.formula, ", ".join(row.parents), _short(row.value), local, *slopes, _short(row.adjoint)))
    if len(rows) > len(shown):
        cells.insert(MOST_ROWS // 2, ("...", f"{len(rows) - len(shown):,} rows left out", *("" for _ in columns[2:])))
    _print(columns, cells, numbers)


def _print_ways(found: list[Way], variables: tuple[str, ...]) -> None:
    columns = ["", *(f"df/d{name}" for name in variables), "error", "step h", "FLOPs", "shared"]
    cells = []
    for way in found:
        error = max((way.error[name] for name in way.error), key=lambda each: math.inf if math.isnan(each) else each)
        step = ", ".join(dict.fromkeys(f"{each:.2e}" for each in way.step.values()))
        slopes = (repr(way.derivative[name]) if name in way.derivative else "" for name in variables)
        reference = way.name == "reverse accumulation"
        cells.append((way.name, *slopes, "reference" if reference else f"{error:.1e}", step, way.flops, way.flops_shared or ""))
    _print(columns, cells, columns[1:])


def _print_second(formula: Formula, point: dict[str, float], second: dict[str, dict[str, float]]) -> None:
    console().print("\nsecond derivatives, reverse over forward accumulation:\n")
    names = formula.variables
    cells = [(f"d/d{row}", *(repr(second[row][name]) for name in names)) for row in names]
    _print(["", *(f"df/d{name}" for name in names)], cells, [f"df/d{name}" for name in names])
    count = formula.second
    console().print(f"value, gradient and second derivatives: {count.flops} FLOPs as derived, {count.flops_shared} shared")


def _print(columns: Any, cells: Any, right: Any) -> None:
    from optlab.cli.tables import print_table

    print_table(columns, cells, right=right)


def _short(value: float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:.7g}"


# -- the picture ------------------------------------------------------------------------------------------------------------------


def _draw(formula: Formula, point: dict[str, float], rows: list[Row], file: Path) -> None:
    from optlab.report import graph_picture, style

    place = {row.name: k for k, row in enumerate(rows)}
    boxes = [
        graph_picture.Box(
            f"{row.name} = {row.formula}",
            _brief(row.value),
            _brief(row.adjoint),
            tuple((place[parent], _brief(row.local[parent]) if parent in row.local else "") for parent in row.parents),
        )
        for row in rows
    ]
    where = ", ".join(f"{name} = {_short(value)}" for name, value in point.items())
    figure = graph_picture.draw(f"f = {formula.text}" + (f"  at {where}" if where else ""), boxes, _curves(formula, point))
    try:
        if file.suffix.lower() == ".png":
            file.write_bytes(style.png(figure))
        else:
            file.write_text(style.svg(figure, file.stem), encoding="utf-8")
    except OSError as error:
        raise OptlabError(f"--plot {file} cannot be written ({error.strerror})") from error


def _curves(formula: Formula, point: dict[str, float]) -> Any:
    """f, f' and the errors of finite differences, of a formula of one variable at a finite point."""
    import numpy as np

    from optlab.formula.differences import sweeps
    from optlab.report.graph_picture import Curves

    if len(formula.variables) != 1 or not math.isfinite(point[formula.variables[0]]):
        return None
    (name,) = formula.variables
    at = point[name]
    reach = max(1.0, abs(at) / 2)
    x = np.linspace(at - reach, at + reach, 801)
    errors = tuple((each.kind, each.steps, each.errors, each.best) for each in sweeps(formula, point, name))
    value, slope = formula.value(**{**point, name: x}), formula.gradient(**{**point, name: x})[name]
    return Curves(name, at, x, value, slope, formula.value(**point), formula.gradient(**point)[name], errors)


def _brief(value: float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:.4g}"
