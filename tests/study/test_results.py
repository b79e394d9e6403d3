"""What results show is what the store holds, and the chosen network can be had again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.study.results import Results
from optlab.study.trial import FIRST_CONFIRMATION
from tests.study.support import tiny


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return tiny(epochs=10, name="tiny <study>").run(tmp_path_factory.mktemp("results") / "lab.db")


def test_the_same_results_from_the_store_alone(results: Results) -> None:
    again = Results(results.store)
    assert again.name == results.name == "tiny <study>"
    assert again.frame().equals(results.frame())
    assert again.verdict == results.verdict
    assert again.complete


def test_the_verdict_answers_three_questions(results: Results) -> None:
    assert len(results.verdict.splitlines()) == 2
    assert "significant" not in results.verdict


def test_best_ranks_the_contenders(results: Results) -> None:
    assert set(results.best()["contender"]) <= {"gd", "adam"}
    assert (results.best()["evidence"] == "confirmed").any()


def test_training_the_chosen_cell_again_gives_its_stored_numbers(results: Results) -> None:
    outcome = results.train("adam")
    frame = results.frame()
    stored = frame[frame["contender"].eq("adam") & frame["replicate"].eq(FIRST_CONFIRMATION)].iloc[0]
    assert np.array_equal(outcome.curves[-1, 4:], stored[["train_cost", "train_metric", "validation_cost", "validation_metric", "test_cost",
                                                          "test_metric"]].to_numpy(dtype=float))  # fmt: skip
    assert outcome.predict(np.zeros((2, 4))).shape == (2, 3)
    with pytest.raises(OptlabError, match="did you mean 'adam'"):
        results.train("adm")
    with pytest.raises(OptlabError, match="without"):
        Results(results.store).train("adam")


def test_the_record_tells_how_it_was_made(results: Results) -> None:
    record = results.record
    assert record["settings"]["epochs"] == 10 and "epochs = 10" in record["toml"]
    assert {"python", "numpy", "numba"} <= set(record["versions"])
    assert "w" in record["formulas"]["adam"]["text"] and record["formulas"]["adam"]["slots"] == 2
    assert record["design"]["contenders"] == ["gd", "adam"]
    assert record["workers"] >= 1 and record["wall_seconds"] > 0


def test_a_notebook_shows_names_as_text(results: Results) -> None:
    shown = results._repr_html_()
    assert "tiny &lt;study&gt;" in shown and "<study>" not in shown


def test_report_and_figures(results: Results, tmp_path: Path) -> None:
    page = results.report(tmp_path / "report")
    assert page.name == "index.html" and "tiny &lt;study&gt;" in page.read_text()
    figure = results.figure("heatmap", optimizer="adam", width=3.37)
    assert figure.get_size_inches()[0] == pytest.approx(3.37)
    with pytest.raises(OptlabError, match="there is no figure 'heatmp'"):
        results.figure("heatmp")


def test_a_figure_of_another_data_set(results: Results) -> None:
    texts = [text.get_text() for text in results.figure("heatmap", optimizer="adam", data="train").texts]
    assert any(text.startswith("on train") for text in texts) and "train accuracy" in texts
    assert results.figure("heatmap-adam-test").texts
    with pytest.raises(OptlabError, match="there is no figure 'heatmap' for optimizer 'adam' for data 'tset'"):
        results.figure("heatmap", optimizer="adam", data="tset")


def test_the_store_is_read_once(results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optlab.study.store import Store

    read: list[str] = []
    for name in ("frame", "curves"):
        former = getattr(Store, name)
        monkeypatch.setattr(Store, name, lambda self, *args, _name=name, _former=former: (read.append(_name), _former(self, *args))[1])
    again = Results(results.store)
    again.report(tmp_path / "report")
    again.figure("sensitivity")
    assert sorted(read) == ["curves", "frame"]
    first = again.frame()
    first.loc[:, "contender"] = "spoiled"
    assert set(again.frame()["contender"]) == {"gd", "adam"}


def test_a_store_without_studies_says_so(tmp_path: Path) -> None:
    from optlab.study.store import Store

    Store(tmp_path / "lab.db").close()
    with pytest.raises(OptlabError, match="no study yet"):
        Results(tmp_path / "lab.db")


def test_a_page_that_is_up_to_date_is_left_alone_by_a_run_that_found_everything(tmp_path: Path) -> None:
    def shown(**changes: Any) -> tuple[int, dict[str, Any]]:
        found = tiny(**changes).run(tmp_path / "lab.db")
        page = found.report(tmp_path / "out", again=False)
        return page.stat().st_mtime_ns, found.record

    first, record = shown()
    assert shown() == (first, record)  # the record too keeps what the outcomes took
    changed, _ = shown(lr=[1e-3, 1e-2, 1e-1])
    assert changed > first
    assert tiny(lr=[1e-3, 1e-2, 1e-1]).run(tmp_path / "lab.db").report(tmp_path / "out").stat().st_mtime_ns > changed


def test_a_store_of_before_the_protocol_was_text_still_tells(results: Results) -> None:
    from optlab.study.store import Store

    with Store(results.store) as store:
        former = store.study(results.name)
        old = {key: value for key, value in former.items() if key not in ("design", "methods")}
        store.annotate(results.name, old | {"protocol": {"contenders": ["gd", "adam"], "target": 0.5, "smallest_difference": None}})
        try:
            assert Results(results.store).verdict == results.verdict
        finally:
            store.annotate(results.name, former)


def test_an_axis_of_epochs_has_its_own_line_of_learning_rates(tmp_path: Path) -> None:
    """Cells that differ in their epochs are no neighbours in the learning rate; once their evidence could not be made at all."""
    rates = [1e-2, 2e-2, 4e-2, 8e-2]
    found = tiny(epochs=[2, 3], lr=rates, l2=0.0, confirm=0, optimizer="gd").run(tmp_path / "lab.db").evidence()
    assert found.sensitivity["lr"].tolist() == rates and len(found.cells) == 8
    assert len(found.tolerance) == 1
