"""What a study found: tables, figures, plain words, a report, and the chosen networks trained again."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlab.errors import OptlabError, nearest
from optlab.study.store import Store
from optlab.study.trial import FIRST_CONFIRMATION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from optlab.evidence import Evidence
    from optlab.outcome import Outcome
    from optlab.study.spec import Study


class Results:
    """The outcomes of one study in a store, read when asked for.

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

    @property
    def complete(self) -> bool:
        """Whether every trial of the study had run when it was last run to an end."""
        return bool(self.record.get("complete", False))

    def frame(self) -> pd.DataFrame:
        """One row per trial; columns as `optlab.study.tables` says."""
        with Store(self.store, create=False) as opened:
            return opened.frame(self.name)

    def curves(self) -> pd.DataFrame:
        """Learning curves, one row per trial and evaluated epoch."""
        with Store(self.store, create=False) as opened:
            return opened.curves(self.name)

    def evidence(self) -> Evidence:
        """Selection, ranking and profiles, made once from `frame` and `curves`."""
        if self._evidence is None:
            from optlab.evidence import summary

            protocol = self.record["protocol"]
            self._evidence = summary(self.frame(), self.curves(), target=protocol["target"], contenders=protocol["contenders"])
        return self._evidence

    def best(self) -> pd.DataFrame:
        """The contenders at their chosen cells, ranked: one row per problem and contender."""
        return self.evidence().ranked

    @property
    def verdict(self) -> str:
        """The study's questions answered in plain words, a line each; no more than the replicates show."""
        answers = self.evidence().answers
        several = len(self.evidence().problems) > 1
        return "\n".join(f"{f'[{one.problem}] ' if several else ''}{one.question} {one.short}. {one.text}" for one in answers)

    def report(self, out: str | Path, *, again: bool = True) -> Path:
        """Write the report into folder `out`; returns the path of its page. With again=False a page that is up to date stays."""
        from optlab import report
        from optlab.report.current import fingerprint, is_current

        record = dict(self.record)
        about = record.pop("about", "")
        notes = [about] if about else []
        if not self.complete:
            notes.append("This study has not run to its end: some trials are missing. Run it again to go on.")
        record, frame, page = record | {"notes": notes}, self.frame(), Path(out) / "index.html"
        if not again and is_current(page, fingerprint(frame, record)):
            return page
        return report.write(self.evidence(), frame, self.curves(), record, Path(out))

    def figure(self, name: str, *, problem: str | None = None, optimizer: str | None = None, width: float | None = None) -> Figure:
        """One figure of the report, drawn at its final width.

        name: "heatmaps", "heatmap" (with `optimizer`), "sensitivity", "learning-step", "learning-seconds", "learning-flops".
        width: inches.

        Raises:
            OptlabError: there is no such figure; the sentence names those that there are.
        """
        from optlab.report.figures import pictures

        known = []
        for picture in pictures(self.evidence(), width):
            if problem not in (None, picture.problem) or optimizer not in (None, picture.contender):
                continue
            known.append(picture.name)
            if name in (picture.name, picture.kind):
                return picture.draw()
        chosen = "".join(f" for {what} {one!r}" for what, one in (("problem", problem), ("optimizer", optimizer)) if one is not None)
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
        chosen = chosen_cells(self.frame()).get((problem, contender))
        if chosen is None:
            raise OptlabError(f"no cell of {contender} trained on {problem}: each diverged, got stuck, or has not run yet")
        cell = next(cell for cell in study.cells() if (cell.problem, cell.contender, cell.id) == (problem, contender, chosen))
        replicate = FIRST_CONFIRMATION if study.spec.confirm else 0
        with single_threaded():
            return execute(cell.settings, study.datasets.get(problem, replicate), Streams(study.spec.seed, replicate), study.catalogue)

    def __repr__(self) -> str:
        return f"Results({self.name!r} in {str(self.store)!r})"

    def _repr_html_(self) -> str:
        """Verdict and ranking, for a notebook; everything that comes from names is escaped."""
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self.verdict.splitlines())
        return f"<h3>{html.escape(self.name)}</h3>{lines}{self.best().to_html(index=False, escape=True)}"


def chosen_cells(frame: pd.DataFrame) -> dict[tuple[str, str], str]:
    """(problem, contender) -> the cell that its tuning replicates choose on validation; those without a cell that trained are absent."""
    from optlab.evidence import select

    if not len(frame):
        return {}
    chosen = select.choose(frame)
    pairs = chosen.index.to_frame(index=False).astype(str)
    return dict(zip(zip(pairs["problem"], pairs["contender"], strict=True), chosen["cell"].astype(str), strict=True))
