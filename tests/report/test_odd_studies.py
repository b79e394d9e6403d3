"""Studies that went wrong or are lopsided: the page says so, in words, and still shows the rest."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optlab import evidence, report
from optlab.report import confusion
from tests.evidence.synthetic import study
from tests.report.record import record
from tests.report.test_page import Outline

SMALL: dict[str, Any] = {"contenders": ("gd", "adam"), "lr": (1e-3, 1e-2, 0.1), "l2": (0.0, 1e-3), "epochs": 3}


def visible(frame: pd.DataFrame, curves: pd.DataFrame, out: Path, **options: Any) -> str:
    """The text of the page, drawings left out."""
    text = report.write(evidence.summary(frame, curves, 0.9, **options), frame, curves, record(), out).read_text()
    Outline(text)
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>|<svg.*?</svg>|<[^>]*>", " ", text, flags=re.DOTALL)
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b", text)
    return re.sub(r"\s+", " ", text)


def test_contenders_that_share_no_problem(tmp_path: Path) -> None:
    frame, curves = study(problems=("digits", "wine"), tuning=2, confirm=8, **SMALL)
    apart = (frame["problem"].eq("digits") & frame["contender"].eq("gd")) | (frame["problem"].eq("wine") & frame["contender"].eq("adam"))
    text = visible(frame[apart], curves, tmp_path)
    assert "gd and adam share no problem on which both are confirmed, so nothing can be said between them" in text
    assert "Not run on digits: adam" in text
    assert "Not run on wine: gd" in text


def test_one_seed_decides_nothing(tmp_path: Path) -> None:
    frame, curves = study(tuning=1, confirm=1, **SMALL)
    text = visible(frame, curves, tmp_path)
    assert re.search(r"cannot decide anything|cannot be told apart", text)
    assert "is better" not in text.replace("who is better", "").replace("Who is better", "")


def test_everything_diverged(tmp_path: Path) -> None:
    frame, curves = study(tuning=2, diverge=True, **SMALL)
    text = visible(frame, curves, tmp_path)
    assert "No cell of gd and adam trained on digits" in text
    assert "Not ranked: no cell trained" in text
    assert "24 trials on digits: 24 diverged" in text


def test_a_constant_target_whose_metric_says_nothing(tmp_path: Path) -> None:
    frame, curves = study(tuning=2, confirm=6, metric="r2", **SMALL)
    for table in (frame, curves):
        for column in [name for name in table if str(name).endswith("_metric")]:
            table[column] = 0.0
    frame["status"] = "done"
    text = visible(frame, curves, tmp_path)
    assert "gave the same" in text or "cannot be told apart" in text


def test_a_metric_that_is_nowhere_a_number(tmp_path: Path) -> None:
    frame, curves = study(tuning=2, confirm=0, **SMALL)
    for table in (frame, curves):
        for column in [name for name in table if str(name).endswith("_metric")]:
            table[column] = np.nan
    assert "no cell trained" in visible(frame, curves, tmp_path).lower()


def test_a_class_that_is_missing_from_the_test_rows(tmp_path: Path) -> None:
    frame, curves = study(tuning=2, confirm=3, **SMALL)
    counts = '{"labels": ["cat", "dog", "owl"], "counts": [[5, 1, 0], [0, 7, 0], [0, 0, 0]]}'
    frame["confusion"] = None
    frame.loc[frame["phase"].eq("confirmation"), "confusion"] = counts
    text = visible(frame, curves, tmp_path)
    assert "Which classes are taken for which" in text
    assert "No test row belongs to class owl" in text
    assert (tmp_path / "figures" / "confusion-adam.pdf").exists()


def test_confusion_matrices_are_sums_over_the_confirmed_runs_that_have_one() -> None:
    frame, curves = study(tuning=2, confirm=3, **SMALL)
    found = evidence.summary(frame, curves)
    assert confusion.matrices(found, frame, "digits") == []
    frame["confusion"] = [None if row.replicate == 1_000_001 else "[[1, 2], [3, 4]]" for row in frame.itertuples()]
    first = confusion.matrices(found, frame, "digits")[0]
    np.testing.assert_array_equal(first.counts, [[2, 4], [6, 8]])
    assert (first.contender, first.labels, first.runs, first.missing) == ("gd", ("0", "1"), 2, 1)


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_study_that_hardly_began(tmp_path: Path, epochs: int) -> None:
    frame, curves = study(**SMALL | {"epochs": epochs}, tuning=1, confirm=0)
    visible(frame, curves, tmp_path)


def test_no_trial_at_all(tmp_path: Path) -> None:
    frame, curves = study(tuning=1, confirm=0, **SMALL)
    assert "No trial has finished yet" in visible(frame.iloc[:0], curves.iloc[:0], tmp_path)
