"""The section that says why something trains badly: there where diagnoses were asked for, with picture, table, signs and files."""

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optlab import evidence, report
from optlab.report import about, diagnoses
from tests.evidence.synthetic import study
from tests.report.record import record


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, evidence.Evidence, Path]:
    frame, curves = study(contenders=("gd", "adam"), lr=(0.01, 0.1, 1.0), l2=(0.0,), tuning=2, confirm=3, epochs=3)
    rng = np.random.default_rng(1)
    frame["diagnosis"] = [
        json.dumps(
            {
                "gradient_norm": [1e-7 if name == "gd" else 0.1, 0.02 * rng.random() + 0.01], "update_ratio": [1e-3, None],
                "dead_units": [0], "units": [50], "zero_weights": [640, 0], "weights": [3200, 500],
                "sharpness": None if name == "gd" else 7.5,
            }
        )
        for name in frame["contender"]
    ]  # fmt: skip
    out = tmp_path_factory.mktemp("diagnosed")
    found = evidence.summary(frame, curves, 0.9)
    return report.write(found, frame, curves, record(), out).read_text(), found, out


def test_the_table_names_the_signs(written: tuple[str, evidence.Evidence, Path]) -> None:
    section = written[0][written[0].index("<h2>Why does it train badly?") :].split("</section>")[0]
    rows = [unescape(re.sub(r"<[^>]+>", " ", row)) for row in re.findall(r"<tr data-of.*?</tr>", section, flags=re.DOTALL)]
    assert "gradients vanish: that of layer 1 is 1/" in rows[0] and "vanish" not in rows[1]
    assert all("20\N{NO-BREAK SPACE}% of the weights of layer 1 are exactly 0" in row for row in rows)
    assert "7.5" in rows[1]
    assert section.count("<svg") == 1


def test_shares_that_are_nowhere_get_no_panel(written: tuple[str, evidence.Evidence, Path]) -> None:
    titles = [panel.title for panel in diagnoses.pictured(written[1], "digits").panels]
    assert titles == ["gradient norm of each layer", "last update over the weights", "weights that are exactly 0"]


def test_files_hold_the_same_numbers(written: tuple[str, evidence.Evidence, Path]) -> None:
    _, found, out = written
    again = pd.read_parquet(out / "tables" / "diagnoses.parquet")
    assert again["median"].tolist() == found.diagnoses["median"].tolist()
    for name in ("figures/diagnoses.pdf", "figures/diagnoses.pgf", "tables/diagnoses.tex", "tables/diagnoses.csv"):
        assert (out / name).is_file()


def test_the_line_on_times_says_how_well_they_repeat(written: tuple[str, evidence.Evidence, Path]) -> None:
    text = unescape(written[0])
    assert "Seconds are of training alone, on this machine, 2 runs at a time." in text, "three replicates show no quartiles"
    frame, curves = study(contenders=("gd",), lr=(0.1,), l2=(0.0,), tuning=1, confirm=5, epochs=2)
    fresh = frame["phase"].eq("confirmation")
    frame.loc[fresh, "seconds"] = frame.loc[fresh, "steps"] * np.array([1.0, 1.1, 1.2, 1.3, 1.4])
    told = about.timing(evidence.summary(frame, curves), frame, {"workers": 2}, "digits")
    assert "differ by 17 % (middle half)" in told  # (1.3 - 1.1) / 1.2
