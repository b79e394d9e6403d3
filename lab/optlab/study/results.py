"""What a study found: tables, figures, plain words, a report, and the chosen networks trained again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlab.errors import OptlabError, nearest
from optlab.study import environment, extend, imported, told
from optlab.study.store import Store
from optlab.study.trial import FIRST_CONFIRMATION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from optlab.evidence import Evidence
    from optlab.outcome import Outcome
    from optlab.study.spec import Study


class Results:
    """The outcomes of one study in a store, read once, when asked for.

    Args:
        store: path of the store. name: the study's; by default the one that ran last.
        study: the study itself where it is at hand; only `train` needs it.

    Raises:
        OptlabError: no such store, or no such study in it.
    """

    def __init__(self, store: str | Path, name: str | None = None, study: Study | None = None) -> None:
        self.store = Path(store)
        with Store(self.store, create=False) as opened:
            if name is None:
                names = opened.studies()
                if not names:
                    raise OptlabError(f"the store {self.store} holds no study yet; run one first")
                name = names[0]
            self.name = name
            self.record: dict[str, Any] = opened.study(name)
        self._study = study
        self._evidence: Evidence | None = None
        self._frame: pd.DataFrame | None = None
        self._followed: pd.DataFrame  # made with the evidence

    @property
    def complete(self) -> bool:
        """Whether every trial of the study had run when it was last run to an end."""
        return bool(self.record.get("complete", False))

    @property
    def apart(self) -> str:
        """A sentence where trials ran on more than one type of processor, or with different versions of a library; else nothing."""
        with Store(self.store, create=False) as opened:
            return environment.apart(opened.environments(self.name))

    def frame(self) -> pd.DataFrame:
        """One row per trial; columns as `optlab.study.tables` says."""
        if self._frame is None:
            with Store(self.store, create=False) as opened:
                self._frame = opened.frame(self.name)
        return self._frame.copy(deep=False)  # the caller may write into it; pandas copies what is written

    def curves(self) -> pd.DataFrame:
        """Learning curves, one row per trial and evaluated epoch."""
        with Store(self.store, create=False) as opened:
            return opened.curves(self.name)

    def evidence(self) -> Evidence:
        """Selection, ranking and profiles, made once from `frame` and the curves of the chosen cells."""
        if self._evidence is None:
            frame = self.frame()
            with Store(self.store, create=False) as opened:
                self._followed = read_curves(opened, frame, self.design.get("select", "median"))
            self._evidence = evidence_of(self.design, frame, self._followed, self.record.get("published"))
        return self._evidence

    @property
    def design(self) -> dict[str, Any]:
        """What the evidence must know of the study; see `optlab.study.record.design`."""
        found: dict[str, Any] = self.record.get("design") or self.record["protocol"]  # the first stores called it so
        return found

    def best(self) -> pd.DataFrame:
        """The contenders at their chosen cells, ranked: one row per problem and contender."""
        return self.evidence().ranked

    @property
    def verdict(self) -> str:
        """What the study shows in plain words, a sentence a line, the most important first; no more than the replicates show."""
        return "\n".join(self.evidence().verdict)

    def report(self, out: str | Path, *, again: bool = True) -> Path:
        """Write the report into folder `out`; returns the path of its page. With again=False a page that is up to date stays.

        Beside the page stands the record, from which the study can be run again (`optlab.study.replay`).
        """
        from optlab import report
        from optlab.report.current import fingerprint, is_current
        from optlab.study import replay

        record = dict(self.record)
        about = record.pop("about", "")
        notes = [about] if about else []
        if not self.complete:
            notes.append("This study has not run to its end: some trials are missing. Run it again to go on.")
        notes += told.notes(self.record)
        notes += filter(None, [self.apart])
        record, frame, page = record | {"notes": notes}, self.frame(), Path(out) / "index.html"
        replay.write(self, Path(out))
        if not again and is_current(page, fingerprint(frame, record)):
            return page
        return report.write(self.evidence(), frame, self._followed, record, Path(out))

    def figure(
        self,
        name: str,
        *,
        problem: str | None = None,
        optimizer: str | None = None,
        data: str | None = None,
        width: float | None = None,
    ) -> Figure:
        """One figure of the report, drawn at its final width.

        name: "heatmaps", "heatmap" (with `optimizer`), "sensitivity", "learning-step", "learning-seconds", "learning-flops".
        data: what a heat map shows, "validation", "test" or "train"; by default what the cells were chosen on. width: inches.

        Raises:
            OptlabError: there is no such figure; the sentence names those that there are.
        """
        from optlab.report.figures import pictures

        known = []
        for picture in pictures(self.evidence(), width, self.frame()):
            if problem not in (None, picture.problem) or optimizer not in (None, picture.contender) or data not in (None, picture.on):
                continue
            known.append(picture.name)
            if name == picture.kind and picture.aside and data is None:
                continue
            if name in (picture.name, picture.kind):
                return picture.draw()
        chosen = "".join(
            f" for {what} {one!r}" for what, one in (("problem", problem), ("optimizer", optimizer), ("data", data)) if one is not None
        )
        raise OptlabError(f"there is no figure {name!r}{chosen}{nearest(name, known)}; there are {', '.join(known) or 'none'}")

    def train(self, contender: str, problem: str | None = None) -> Outcome:
        """Train the chosen cell of a contender again, at its first confirmation replicate, and return the run with its network.

        Raises:
            OptlabError: no such contender, none of its cells trained, or the results were opened without their study.
        """
        from optlab.blas import single_threaded
        from optlab.execution import execute
        from optlab.streams import Streams

        if self._study is None:
            raise OptlabError("train needs the study itself, which these results were opened without; run the study, then train")
        study = self._study
        problem = next(iter(study.problems)) if problem is None else problem
        contenders = [one.label for one in study.contenders]
        for kind, name, known in (("problem", problem, list(study.problems)), ("contender", contender, contenders)):
            if name not in known:
                raise OptlabError(f"the study {self.name} has no {kind} {name!r}{nearest(name, known)}; it has {', '.join(known)}")
        chosen = chosen_cells(self.frame(), study.spec.select).get((problem, contender))
        if chosen is None:
            raise OptlabError(f"no cell of {contender} trained on {problem}: each diverged, got stuck, or has not run yet")
        cells = study.cells(extend.again(study, self.record.get("extended", ())))
        cell = next(cell for cell in cells if (cell.problem, cell.contender, cell.id) == (problem, contender, chosen))
        replicate = FIRST_CONFIRMATION if study.spec.confirm else 0
        with single_threaded():
            return execute(cell.settings, study.datasets.get(problem, replicate), Streams(study.spec.seed, replicate), study.catalogue)

    def __repr__(self) -> str:
        return f"Results({self.name!r} in {str(self.store)!r})"

    def _repr_html_(self) -> str:
        """Verdict, ranking and figures, for a notebook."""
        from optlab import report

        return report.notebook(self.evidence(), self.record)


def evidence_of(
    design: Mapping[str, Any], frame: pd.DataFrame, curves: pd.DataFrame, published: Mapping[str, Any] | None = None
) -> Evidence:
    """What the outcomes of a study of this design (`record.design`) say. published: runs to show beside (`imported.Imported.plain`)."""
    from optlab.evidence import summary

    return summary(
        frame,
        curves,
        target=design["target"],
        contenders=design["contenders"],
        smallest_difference=design["smallest_difference"],
        resplit=bool(design.get("resplit")),
        looks=design.get("looks"),
        test_shares=design.get("test_shares"),
        select_by=design.get("select", "median"),
        published=imported.frames(published),
    )


def read_curves(store: Store, frame: pd.DataFrame, select_by: str = "median") -> pd.DataFrame:
    """The learning curves that the evidence in a frame is read from, those of the chosen cells: all of 100,000 trials would be 500 MB."""
    chosen = chosen_cells(frame, select_by)
    able = frame[frame["cell"].isin(set(chosen.values()))]
    named = zip(able["problem"], able["contender"], able["cell"], able["digest"], strict=True)
    return store.curves(
        list(dict.fromkeys(digest for problem, contender, cell, digest in named if chosen.get((problem, contender)) == cell))
    )


def chosen_cells(frame: pd.DataFrame, select_by: str = "median") -> dict[tuple[str, str], str]:
    """(problem, contender) -> the cell that its tuning replicates choose on validation; those without a cell that trained are absent.

    select_by: the "median" or the "mean" of the replicates.
    """
    from optlab.evidence import select

    if not len(frame):
        return {}
    chosen = select.choose(frame, select_by)
    pairs = chosen.index.to_frame(index=False).astype(str)
    return dict(zip(zip(pairs["problem"], pairs["contender"], strict=True), chosen["cell"].astype(str), strict=True))
