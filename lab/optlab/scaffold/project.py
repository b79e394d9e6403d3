"""From a kind and a name to the files of a project, and from there to disk."""

from __future__ import annotations

import builtins
import importlib.metadata
import importlib.util
import keyword
import re
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

import optlab
from optlab import hookspecs, plugin, registry
from optlab.errors import OptlabError, nearest
from optlab.formula import elementary

KINDS = ("optimizer", "activation", "cost")
"""Kinds of plugins that there is a template for."""
_MEANT = {*dir(builtins), *plugin.__all__, *elementary.__all__, *vars(hookspecs)}


def files(kind: str, name: str) -> dict[str, str]:
    """The project's files: path inside the project, with forward slashes -> text.

    Raises:
        OptlabError: no such kind, or a name that cannot be used.
    """
    if kind not in KINDS:
        raise OptlabError(f"new: there is no template for {kind!r}{nearest(kind, KINDS)}; there is one for {', '.join(KINDS)}")
    check_name(name)
    environment = Environment(
        loader=PackageLoader("optlab.scaffold"), autoescape=False, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    module = module_of(name)
    names = {"kind": kind, "name": name, "module": module, "distribution": module.replace("_", "-"), "version": optlab.__version__}
    places = {
        "pyproject.toml": "pyproject.toml",
        f"src/{module}.py": f"{kind}.py",
        f"tests/test_{name}.py": f"test_{kind}.py",
        "README.md": "README.md",
        ".gitignore": "gitignore",
    }
    return {place: environment.get_template(f"{template}.j2").render(names) for place, template in places.items()}


def module_of(name: str) -> str:
    """The module that holds the plugin: prefixed, so that a plugin called ``numpy`` hides nothing."""
    return f"optlab_{name}"


def check_name(name: str) -> None:
    """Whether a plugin, its module and its entry point may be called so beside all that is installed.

    Raises:
        OptlabError: it is no Python name in lower case, means something else, or is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name.endswith("_"):
        proposed = re.sub(r"\W+|_+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).strip("_").lower()
        remedy = f", such as {proposed}" if re.fullmatch(r"[a-z][a-z0-9_]*", proposed) else ""
        raise OptlabError(f"new: {name!r} cannot be the name of a Python function here; use lower-case letters, digits and _{remedy}")
    if keyword.iskeyword(name) or name in _MEANT:
        what = "a keyword of Python" if keyword.iskeyword(name) else "a name that Python or a formula has a use for"
        raise OptlabError(f"new: {name!r} is {what}; take another name, such as my_{name}")
    taken = _taken()
    if name in taken:
        raise OptlabError(f"new: {name!r} is already {taken[name]}; take another name, such as my_{name}")
    if importlib.util.find_spec(module_of(name)) is not None:
        raise OptlabError(f"new: a module {module_of(name)} is already installed; take another name, such as my_{name}")


def _taken() -> Mapping[str, str]:
    """Name -> what it is, of all plugins, their aliases and their entry points."""
    found = {entry.name: f"the entry point of {entry.module}" for entry in importlib.metadata.entry_points(group="optlab")}
    found |= {alias: f"another name of the {kind[:-1]} {own}" for (kind, alias), own in registry.ALIASES.items()}
    known = registry.load().values()
    return found | {one.name: f"the {one.kind} {one.name} of {one.distribution}" for plugins in known for one in plugins.values()}


def check_target(folder: Path) -> None:
    """Whether a project may be written into this folder.

    Raises:
        OptlabError: it holds something, or there is a file in the way.
    """
    blocked = next((each for each in (folder, *folder.parents) if each.exists() and not each.is_dir()), None)
    if blocked is not None:
        raise OptlabError(f"new: the folder {folder} cannot be made because {blocked} is a file; give another one with --into")
    if folder.is_dir() and any(folder.iterdir()):
        raise OptlabError(f"new: the folder {folder} is not empty; give another one with --into")


def write(texts: Mapping[str, str], folder: Path) -> None:
    """Write the files into `folder`, which is made where it does not exist.

    Raises:
        OptlabError: the system refuses.
    """
    try:
        check_target(folder)
        for place, text in texts.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        where = error.filename or folder
        raise OptlabError(f"new: {where} cannot be written ({error.strerror}); give another folder with --into") from error
