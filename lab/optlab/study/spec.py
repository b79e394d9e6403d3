"""A study: problems x contenders x axes + protocol, from a TOML file or from Python, and the trials it consists of."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from optlab import registry
from optlab.base import Plugin
from optlab.errors import OptlabError, nearest
from optlab.identity import ByIdentity
from optlab.study import contenders, imported, plain, problems, schema, toml
from optlab.study.cells import Contender, Extensions
from optlab.study.cost import Costs, within
from optlab.study.overrides import apply_overrides
from optlab.study.plain import Variant, variant
from optlab.study.trial import CONFIRMATION, FIRST_CONFIRMATION, TUNING, Cell, PluginDigests, Split, Trial

if TYPE_CHECKING:
    from optlab.study.progress import Progress
    from optlab.study.protocol import Protocol
    from optlab.study.results import Results
    from optlab.study.stop import Stop

__all__ = ["Study", "Variant", "variant"]


class Study:
    """A checked study. Nothing is run or written until `run`.

    Args:
        problem, optimizer, ...: the keys of a study file (`optlab.study.schema`), as keywords. Names may be decorated functions;
            `optlab.log` and `optlab.linear` make grids; `optlab.variant` makes one more contender of a rule; `problem` may be
            arrays (X, y), which are used as given: no split and no scaling unless `validation`, `test` or `scale` ask for it.

    Attributes:
        name: what the store and the report call it.
        given: the keys as plain data, as a TOML file would hold them.
        spec: the same, validated. contenders, problems: what they resolve to. published: runs to show beside, or None.
        reference, overrides, extra_files: what a command line would name; empty for a study written in Python.
        folder: where the files that it names lie. files: its plugin files. session: plugins that were given as Python objects.

    Raises:
        OptlabError: the first fault, in one sentence with source, key, value, reason and remedy.
    """

    reference: str = ""
    overrides: tuple[str, ...] = ()
    extra_files: tuple[Path, ...] = ()

    def __init__(self, **keys: Any) -> None:
        given, plugins = plain.dictionary(keys)
        self._build(given, source="Study", folder=Path(), files=(), plugins=plugins.values(), name="study")

    @classmethod
    def from_file(cls, path: str | Path, overrides: Iterable[str] = (), plugins: Iterable[str | Path] = ()) -> Self:
        """The study in a TOML file.

        overrides: ``key=value`` and ``key+=value``, as after ``--set``. plugins: plugin files beside those that the file names.
        """
        path = Path(path)
        try:
            given = tomllib.loads(path.read_bytes().decode())
        except OSError as error:
            raise OptlabError(f"the study file {path} cannot be read ({error.strerror}); give the path of a TOML file") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise OptlabError(f"{path}: this is no TOML ({' '.join(str(error).split())}); see `optlab studies` for examples") from error
        study, overrides, files = cls.__new__(cls), tuple(overrides), tuple(Path(file) for file in plugins)
        given = apply_overrides(given, overrides, schema.defaults())
        source = f"study {path.stem}" if path in builtin().values() else str(path)
        study._build(given, source=source, folder=path.parent, files=files, plugins=(), name=path.stem)
        study.reference, study.overrides, study.extra_files = str(path), overrides, files
        return study

    @classmethod
    def load(cls, name_or_path: str | Path, overrides: Iterable[str] = (), plugins: Iterable[str | Path] = ()) -> Self:
        """A built-in study by its name, else a study file by its path."""
        known = builtin()
        if str(name_or_path) in known:
            study = cls.from_file(known[str(name_or_path)], overrides, plugins)
            study.reference = str(name_or_path)
            return study
        path = Path(name_or_path)
        if path.suffix != ".toml" and not path.exists():
            raise OptlabError(
                f"there is no study called {str(name_or_path)!r}{nearest(str(name_or_path), list(known))} and no such file; "
                f"built in are {', '.join(known)}"
            )
        return cls.from_file(path, overrides, plugins)

    @classmethod
    def from_record(cls, given: Mapping[str, Any], source: str, folder: Path, plugins: Iterable[Path], name: str) -> Self:
        """The study whose attribute `given` this is; see `optlab.study.replay`."""
        study, files = cls.__new__(cls), tuple(plugins)
        study._build(dict(given), source=source, folder=folder, files=files, plugins=(), name=name)
        study.extra_files = files
        return study

    def _build(
        self, given: dict[str, Any], *, source: str, folder: Path, files: Sequence[str | Path], plugins: Iterable[Plugin], name: str
    ) -> None:
        self.given, self.source, self.folder, self.session = given, source, folder, tuple(plugins)
        self.spec = spec = schema.read(given, source)
        self.name = spec.name or name
        named = [folder / Path(file).expanduser() for file in spec.plugin]
        self.files = tuple(dict.fromkeys(file.resolve() for file in (*named, *map(Path, files))))
        found = registry.load(self.files) if self.files else registry.installed()
        self.catalogue = found.including(self.session)
        self.contenders: tuple[Contender, ...] = contenders.resolve(spec, self.catalogue, source)
        self.problems = {one.label: one for one in problems.resolve(spec, self.catalogue, source, folder)}
        self.split = Split(0.0 if spec.folds else spec.validation, spec.test, spec.scale, spec.resplit, spec.folds or 0)
        self.datasets = problems.Datasets(self.problems, spec.seed, self.split)
        labels = [one.label for one in self.contenders]
        self.published = imported.load(spec.published, folder, list(self.problems), labels, source)
        self._digests, self.costs = PluginDigests(self.catalogue), Costs(self.catalogue)
        self._protocols: dict[bool, Protocol] = {}

    # -- what it consists of ----------------------------------------------------------------------------------------------

    def cells(self, extensions: Extensions | None = None, problems: Iterable[str] | None = None) -> Iterator[Cell]:
        """Every cell, problem by problem, contender by contender. Needs the data for the sizes of the networks.

        extensions: (problem, contender) -> axes whose grids have grown there; see `optlab.study.extend`. problems: these alone.
        """
        from optlab.training import inferred_cost

        for label, problem in self.problems.items():
            if problems is not None and label not in problems:
                continue
            dataset = self.datasets.get(label, 0)
            n_in, n_out = dataset.train.X.shape[1], dataset.train.Y.shape[1]
            sizes = ByIdentity(lambda layers, n_in=n_in, n_out=n_out: (n_in, *layers, n_out))
            for contender in self.contenders:
                grown = (extensions or {}).get((label, contender.label))
                for asked in (contender.replaced(grown) if grown else contender).cells(inferred_cost(dataset)):
                    network = sizes(asked.layers)
                    settings = within(self.spec.budget, asked, network, dataset, self.costs)
                    yield Cell(
                        problem=label,
                        problem_hyper=problem.hyper,
                        task=dataset.task,
                        contender=contender.label,
                        settings=settings,
                        sizes=network,
                        split=self.split,
                        plugins=self._digests.of(settings),
                    )

    def trials(
        self,
        phase: str = TUNING,
        chosen: Mapping[tuple[str, str], str] | None = None,
        *,
        replicates: range | None = None,
        extensions: Extensions | None = None,
    ) -> Iterator[Trial]:
        """The trials of a phase, one by one: a study of any size takes little memory.

        phase: "tuning", every cell with the replicates 0 .. seeds - 1; or "confirmation", fresh replicates of the cells `chosen`:
        (problem, contender) -> cell id. replicates: numbers within the phase, counted from 0, in place of the study's.
            extensions: see `cells`.
        """
        if phase == TUNING:
            first, asked = 0, range(self.spec.seeds)
        elif phase == CONFIRMATION:
            if chosen is None:
                raise OptlabError("trials('confirmation') needs the chosen cells: a mapping (problem, contender) -> cell")
            first, asked = FIRST_CONFIRMATION, range(self.spec.confirm)
        else:
            raise OptlabError(f"there is no phase {phase!r}{nearest(phase, [TUNING, CONFIRMATION])}; it is {TUNING!r} or {CONFIRMATION!r}")
        for cell in self.cells(extensions):
            if chosen is None or phase == TUNING or chosen.get((cell.problem, cell.contender)) == cell.id:
                for number in asked if replicates is None else replicates:
                    replicate = first + number
                    yield Trial(cell, self.spec.seed, replicate, phase, self.datasets.digest(cell.problem, replicate))

    def protocol(self, until_decided: bool = False) -> Protocol:
        """What the study does, to be printed or pasted; see `optlab.study.protocol`."""
        if until_decided not in self._protocols:
            from optlab.study import protocol

            self._protocols[until_decided] = protocol.of(self, until_decided)
        return self._protocols[until_decided]

    def toml(self) -> str:
        """The study as the TOML file that would give the same trials (plugin objects and arrays from Python by name only)."""
        return toml.write(self.given)

    # -- running it -------------------------------------------------------------------------------------------------------

    def run(
        self,
        store: str | Path | None = None,
        *,
        workers: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        until_decided: bool = False,
        trial_limit: float | None = None,
        processes: bool = False,
        dask: str | None = None,
        stop: Stop | None = None,
    ) -> Results:
        """Run what the store lacks, choose cells, confirm them; see `optlab.study.run.run_study`."""
        from optlab.study.run import run_study
        from optlab.study.store import DEFAULT_PATH

        return run_study(
            self, DEFAULT_PATH if store is None else store, workers=workers, progress=progress, until_decided=until_decided,
            trial_limit=trial_limit, processes=processes, dask=dask, stop=stop,
        )  # fmt: skip

    def __repr__(self) -> str:
        names = ", ".join(one.label for one in self.contenders)
        return f"Study({self.name!r}: {', '.join(self.problems)}; {names})"


def builtin() -> dict[str, Path]:
    """Built-in studies: name -> file."""
    folder = Path(str(resources.files("optlab.study") / "studies"))
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}
