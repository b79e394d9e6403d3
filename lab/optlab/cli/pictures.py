"""`optlab plugins show NAME --plot FILE`: what there is to draw of a plugin of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlab.errors import OptlabError

if TYPE_CHECKING:
    import numpy as np

    from optlab.base import Plugin
    from optlab.hyper import HyperParameter, Value
    from optlab.kinds import Activation, Cost, Objective
    from optlab.report.plugin_picture import Contour, Curves
    from optlab.sources import Schedule

SUFFIXES = (".png", ".svg", ".pdf")
UNITS = 100
"""Length of the run that schedules are drawn for."""
REACH = 5.0
"""Activations are drawn from -5 to 5, costs as far around their target."""
GRID = 401
MORE = 3
"""Settings drawn beside the defaults, where they can be told from them."""
_LEAST, _MOST = 0.01, 0.45  # of the curve's height: how far another setting is from the defaults, on average


def check_suffix(file: Path) -> None:
    """Refuse what is no picture, before anything is computed."""
    if file.suffix.lower() not in SUFFIXES:
        raise OptlabError(f"--plot {file}: a picture is a .png, .svg or .pdf file")


def draw(plugins: Sequence[Plugin], file: Path) -> None:
    """Draw the plugins of one name into a file.

    Raises:
        OptlabError: there is nothing to draw of any of them, or the file cannot be written.
    """
    from optlab.report import plugin_picture, style

    panels = [panel for plugin in plugins for panel in panels_of(plugin)]
    if not panels:
        raise OptlabError(_no_picture(plugins[0]))
    figure = plugin_picture.draw(panels)
    try:
        if file.suffix.lower() == ".png":
            file.write_bytes(style.png(figure))
        elif file.suffix.lower() == ".svg":
            file.write_text(style.svg(figure, file.stem), encoding="utf-8")
        else:
            with style.styled():
                figure.savefig(file, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    except OSError as error:
        raise OptlabError(f"--plot {file} cannot be written ({error.strerror})") from error


def _no_picture(plugin: Plugin) -> str:
    drawn = "schedules, activations, elementwise costs and objectives of two variables have one"
    hint = f" (`optlab objectives --optimizer {plugin.name}` draws its paths)" if plugin.kind == "optimizer" else ""
    return f"--plot: there is no picture of the {plugin.kind} {plugin.name}; {drawn}{hint}"


def panels_of(plugin: Plugin) -> Iterator[Curves | Contour]:
    """The panels of one plugin's picture; none if its kind has no picture."""
    from optlab.kinds import Activation, Cost, Objective
    from optlab.sources import Schedule

    if isinstance(plugin, Schedule):
        yield _schedule(plugin)
    elif isinstance(plugin, Activation | Cost):
        yield _slopes(plugin)
    elif isinstance(plugin, Objective) and len(plugin.inputs(plugin.values({}))) == 2:
        yield _contour(plugin)


def _schedule(schedule: Schedule) -> Curves:
    import numpy as np

    from optlab.report.plugin_picture import Curves, Line

    targets = schedule.targets

    def curve(values: Mapping[str, Value]) -> np.ndarray:
        return np.concatenate(list(schedule.by_target(UNITS, values).values()))

    x, lines = np.arange(UNITS + 1.0), []
    for place, (label, found) in enumerate(variants(schedule, curve)[: None if len(targets) == 1 else 1]):
        for k, (target, factors) in enumerate(zip(targets, found.reshape(len(targets), UNITS), strict=True)):
            lines.append(Line(label if len(targets) == 1 else target, np.append(factors, factors[-1]), place + k, place + k))
    what = "lr" if targets == ("lr",) else ", ".join(targets)
    x_label = f"epochs (or steps), of {UNITS}"
    return Curves(f"{schedule.name}: factor on {what}", x_label, "factor", x, tuple(lines), held=True)


def _slopes(plugin: Activation | Cost) -> Curves:
    """An activation, or a cost of an output y whose target is 1, with its slope."""
    import numpy as np

    from optlab.formula.derive import forward
    from optlab.report.plugin_picture import Curves, Line

    variable, target = plugin.positional[0], 1.0 if plugin.kind == "cost" else None
    x = np.linspace(-REACH, REACH, GRID) + (target or 0.0)

    def curve(values: Mapping[str, Value]) -> np.ndarray:
        graph = forward(plugin.graph(plugin.options(values)), variable)
        invariants = {name: values[name] for name in graph.invariants}
        with np.errstate(all="ignore"):
            found = graph.evaluate(x, *(() if target is None else (np.full_like(x, target),)), **invariants)
        return np.array([np.broadcast_to(np.asarray(each, dtype=float), x.shape) for each in found])

    lines = []
    for hue, (label, (value, slope)) in enumerate(variants(plugin, curve)):
        lines += [Line(label, value, hue), Line(f"{label}, slope", slope, hue, 1)]
    title = f"{plugin.name}({variable})" if target is None else f"{plugin.name}({variable}, t) at t = {target:g}"
    return Curves(f"{title} and its slope", variable, "", x, tuple(lines))


def _contour(objective: Objective) -> Contour:
    import numpy as np

    from optlab.report.plugin_picture import Contour

    values = objective.values({})
    known, names = objective.known(values), objective.inputs(values)
    x, y = (np.linspace(low, high, GRID) for low, high in known.box)
    with np.errstate(all="ignore"):
        heights = np.broadcast_to(np.asarray(objective(*np.meshgrid(x, y), **values), dtype=float), (GRID, GRID))
    least = f", minimum {known.minimum:.6g}" if known.minimum is not None else ""
    return Contour(f"{objective.name}: contour{least}", (names[0], names[1]), x, y, heights, known.at)


def variants(plugin: Plugin, curve: Callable[[Mapping[str, Value]], np.ndarray]) -> list[tuple[str, np.ndarray]]:
    """(label, curve) at the defaults and at a few other settings, one hyper-parameter changed in each: those that show most."""
    import numpy as np

    defaults = plugin.values({})
    usual = curve(defaults)
    finite = usual[np.isfinite(usual)]
    height = float(np.ptp(finite)) if len(finite) else 0.0
    scale = height or 1.0
    ranked: list[tuple[int, float, str, np.ndarray]] = []
    for name, one in plugin.hyper.items():
        shown = []
        for value in _others(one):
            try:
                found = curve({**defaults, name: value})
            except OptlabError:  # settings that cannot go together are no example
                continue
            with np.errstate(all="ignore"):
                away = float(np.mean(np.abs(found - usual))) / scale
            if _LEAST <= away <= _MOST:
                shown.append((away, _setting(name, value), found))
        ranked += [(place, -away, label, found) for place, (away, label, found) in enumerate(sorted(shown, key=lambda each: -each[0]))]
    ranked.sort(key=lambda each: each[:2])
    first = _setting(*next(iter(defaults.items()))) if len(defaults) == 1 else "defaults" if defaults else plugin.name
    return [(first, usual), *((label, found) for *_, label, found in ranked[:MORE])]


def _setting(name: str, value: Value) -> str:
    return f"{name} = {value:.4g}" if isinstance(value, float) else f"{name} = {value}"


def _others(one: HyperParameter) -> list[Any]:
    """Values beside the default: the other choices; half and twice a number, or half and twice its distance from 1 if it is near 1."""
    if one.domain is None:
        return [choice for choice in one.choices if choice != one.default]
    default = float(one.default)
    if default == 0.0:
        tries = [0.1, UNITS / 2.0]
    elif 0.5 < default < 1.0:
        tries = [1.0 - 2.0 * (1.0 - default), 1.0 - (1.0 - default) / 2.0]
    else:
        tries = [default / 2.0, default * 2.0]
    found = [float(round(value)) if one.domain.whole else value for value in tries]
    return [int(value) if one.domain.whole else value for value in found if value in one.domain and value != default]
