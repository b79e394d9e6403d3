"""What a study stores beside curves: who is taken for whom, where runs diverged, and diagnoses where they are asked for."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optlab.outcome import Diagnosis
from optlab.study import extras
from optlab.study.results import Results
from optlab.study.store import Store
from tests.study.support import tiny

NUMBERS = list(extras.NUMBERS)


def test_matrices_are_written_short_and_with_names_where_there_are_any() -> None:
    counts = np.array([[36, 0], [1, 35]])
    assert extras.confusion_text(counts, (0, 1)) == "[[36,0],[1,35]]"
    assert json.loads(extras.confusion_text(counts, ("no", 'y"es')) or "") == {"labels": ["no", 'y"es'], "counts": [[36, 0], [1, 35]]}
    assert extras.confusion_text(None, (0, 1)) is None


def test_the_numbers_of_diagnoses_are_summed_over_layers() -> None:
    one = Diagnosis(9, (0.1, 0.2), None, (2,), (4,), (3, 1), (12, 4), None)
    found = extras.diagnosis_numbers([extras.diagnosis_text(one), None])
    assert found == {"sharpness": [None, None], "dead_units": [2, None], "zero_weights": [4, None]}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return tiny(activation="relu", optimizer="gd", lr=[0.1, 1e6], l2=[0.0]).run(tmp_path_factory.mktemp("plain") / "lab.db")


def test_frames_say_what_was_taken_for_what_and_where_runs_diverged(plain: Results) -> None:
    frame = plain.frame()
    diverged = frame["status"].eq("diverged")
    assert diverged.any() and not diverged.all()
    for _, row in frame[~diverged].iterrows():
        counts = np.array(json.loads(row["confusion"]))
        assert counts.sum() == 30 and np.trace(counts) / 30 == pytest.approx(row["test_metric"])
    assert frame["confusion"].isna().equals(diverged)
    assert frame["roc_auc"].notna().equals(~diverged & frame["phase"].eq("confirmation"))
    assert frame[["bad_epoch", "bad_step"]].dtypes.eq("Int64").all() and frame["bad_step"].notna().equals(diverged)
    bad = frame[diverged]
    texts = [f"step {row.bad_step}, epoch {row.bad_epoch}" in row.sentence for row in bad.itertuples()]
    assert all(texts) and frame[NUMBERS].isna().all(axis=None) and frame["diagnosis"].isna().all()


def asked(path: Path, **changes: object) -> pd.DataFrame:
    return tiny(activation="relu", optimizer="gd", lr=[0.1, 1e6], l2=[0.0], **changes).run(path).frame()


def test_diagnoses_are_of_the_same_trials_and_change_none_of_their_numbers(plain: Results, tmp_path: Path) -> None:
    frame = asked(tmp_path / "lab.db", diagnostics=True)
    with Store(plain.store, create=False) as one, Store(tmp_path / "lab.db", create=False) as other:
        assert one.exact() == other.exact()
        assert other.finished() == other.finished(diagnosed=True) == one.finished() and one.finished(diagnosed=True) == set()
    sound = frame["status"].ne("diverged")
    assert frame["sharpness"].notna().equals(sound) and frame["dead_units"].dtype == "Int64"
    about = json.loads(frame.loc[sound, "diagnosis"].iloc[0])
    assert about["same"] is True and about["rows"] == 90 and about["units"] == [4] and len(about["update_ratio"]) == 2


def test_trials_without_a_diagnosis_run_again_and_keep_their_outcome(plain: Results, tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    asked(path)
    with Store(path) as store:
        before, seconds = store.exact(), list(store.frame("study")["seconds"])
    frame = asked(path, diagnostics=True)
    with Store(path) as store:
        assert store.exact() == before and list(store.frame("study")["seconds"]) == seconds
    assert len(frame) == len(before) and frame["sharpness"].notna().equals(frame["status"].ne("diverged"))
    assert all(json.loads(text)["same"] for text in frame["diagnosis"].dropna())
    again = asked(path, diagnostics=True)  # nothing is missing now: not even what diverged, and has none
    assert again["seconds"].equals(frame["seconds"]) and asked(path)["sharpness"].equals(frame["sharpness"])


def test_a_second_run_with_other_numbers_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    asked(path)
    with Store(path) as store:
        store._connection.execute("UPDATE curve SET digest = x'00'")  # as if another processor had run it
    frame = asked(path, diagnostics=True)
    assert not any(json.loads(text)["same"] for text in frame["diagnosis"].dropna()) and frame["diagnosis"].notna().any()
