"""Which gates a kind of plugin passes through. A new gate is one more function in this table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from optlab import registry
from optlab.base import Plugin
from optlab.chains import SEPARATOR, chain
from optlab.conformance import extremes, objectives, properties, rows, rules, slopes
from optlab.conformance.record import Check, Report
from optlab.conformance.slopes import CODE
from optlab.conformance.update import gate
from optlab.conformance.update.tapes import PARAMETERS, SIZES
from optlab.errors import OptlabError, nearest
from optlab.kinds import Activation, Cost, Objective, RowCost
from optlab.rules import Rule
from optlab.trajectories import trajectory

Gate = Callable[[Any], Iterator[Check]]

GATES: Mapping[type[Plugin], tuple[Gate, ...]] = MappingProxyType(
    {
        Activation: (slopes.check, extremes.check),
        Cost: (slopes.check, extremes.check),
        RowCost: (rows.check,),
        Objective: (objectives.check,),
        Rule: (rules.check, gate.check, properties.check),
    }
)


def gates_of(plugin: Plugin) -> tuple[Gate, ...]:
    """The gates of this plugin's kind; none for data sets and their like."""
    return next((gates for kind, gates in GATES.items() if isinstance(plugin, kind)), ())


def check(plugin: Plugin) -> Report:
    """The report of one plugin.

    Raises:
        OptlabError: its kind has no gate.
    """
    gates = gates_of(plugin)
    if not gates:
        raise OptlabError(f"check: {plugin.name!r} is a {plugin.kind}, which has no derivative or rule to check")
    checks: list[Check] = []
    subject = around(plugin) if isinstance(plugin, Rule) and plugin.transforms else plugin
    try:
        for gate in gates:
            checks += gate(subject)
    except OptlabError as error:
        if not isinstance(plugin, Rule):
            raise
        checks.append(Check(rules.SECTION, "runs", False, str(error)))
    except Exception as error:  # array code: whatever Numba or NumPy makes of it is this plugin's fault, and a finding
        sentence = f"{plugin.name} cannot be compiled or evaluated: {_cause(error)}"
        checks.append(Check(CODE, "compiles and runs", False, sentence))
    return Report(plugin.kind, plugin.name, plugin.distribution, tuple(checks))


def around(stage: Rule) -> Rule:
    """The stage in a chain with gradient descent: before it, or behind it where it changes nothing there (averages of weights)."""
    descent = registry.installed().optimizer("gd")
    rng = np.random.default_rng(4)
    tape, start = 10.0 * rng.normal(size=(30, PARAMETERS)), rng.normal(size=PARAMETERS)
    before = chain(stage, descent)
    idle = np.array_equal(trajectory(before, tape, start, sizes=SIZES), trajectory(descent, tape, start))
    return chain(descent, stage) if idle else before


def _cause(error: Exception) -> str:
    """The line of an error that says what is wrong; Numba wraps it into where it was found."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = next((line for line in lines if line and not line.startswith(("Failed in", "During"))), "no reason given")
    return f"{type(error).__name__}: {said}"


def chosen(name_or_file: str, files: Sequence[str] = ()) -> list[Plugin]:
    """The plugins meant by a name (of any kind), or all those of a file.

    Raises:
        OptlabError: no such name, or a file that holds no plugin to check.
    """
    if SEPARATOR in name_or_file and not name_or_file.endswith(".py"):
        return [registry.load(files).optimizer(name_or_file)]
    path = Path(name_or_file).expanduser()
    if path.suffix == ".py" or (path.is_file() and "." in path.name):
        return _of_file(path)
    everything = [plugin for plugins in registry.load(files).values() for plugin in plugins.values()]
    wanted = {name_or_file} | {own for (_, alias), own in registry.ALIASES.items() if alias == name_or_file}
    found = [plugin for plugin in everything if plugin.name in wanted]
    checkable = [plugin for plugin in found if gates_of(plugin)]
    if found and not checkable:
        check(found[0])
    if not found:
        known = [plugin.name for plugin in everything if gates_of(plugin)]
        raise OptlabError(
            f"check: there is no plugin or file called {name_or_file!r}{nearest(name_or_file, known)}; `optlab plugins` lists all plugins, "
            "and a file's name ends in .py"
        )
    return checkable


def _of_file(path: Path) -> list[Plugin]:
    distribution = registry.load_file(path)[1]
    everything = registry.load([path])
    found = [plugin for plugins in everything.values() for plugin in plugins.values() if plugin.distribution == distribution]
    checkable = [plugin for plugin in found if gates_of(plugin)]
    if not checkable:
        what = f"only {found[0].kind} {found[0].name!r}, which has no derivative or rule to check" if found else "no plugin"
        raise OptlabError(
            f"check: {path} registers {what}; decorate a formula and call register(it) in a hook such as register_activations"
        )
    return checkable
