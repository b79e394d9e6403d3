"""The section of exploratory numbers: collapsed, labelled, with the numbers of the evidence, its figures and files."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optlab import evidence, report
from optlab.evidence.reaching import ALL
from optlab.report import exploratory, figures
from optlab.report.lines import BUDGETS
from tests.evidence.synthetic import study
from tests.report.record import record

SHAPE: dict[str, Any] = {"contenders": ("gd", "adam"), "tuning": 2, "confirm": 2, "epochs": 4, "lr": (1e-3, 1e-2, 0.1, 1.0)}


def written(out: Path, **shape: Any) -> tuple[str, evidence.Evidence]:
    """The section's HTML, and the evidence behind it."""
    frame, curves = study(**SHAPE | shape)
    fresh = frame["phase"].eq("confirmation")
    frame["confusion"] = pd.Series(np.where(fresh, "[[3,0],[1,1]]", None), index=frame.index, dtype="object")
    frame["roc_auc"] = np.where(fresh, 0.875, np.nan)
    found = evidence.summary(frame, curves, 0.9)
    text = report.write(found, frame, curves, record(), out).read_text()
    return text[text.index('<section class="exploratory">') :].split("</section>")[0], found


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, evidence.Evidence, Path]:
    out = tmp_path_factory.mktemp("several")
    return *written(out, problems=("digits", "wine", "own")), out


def cells(section: str, caption: str) -> dict[str, list[str]]:
    """{contender: texts} of one table, and its headings under ``""``."""
    table = section[section.index(f"{caption}</caption>") :].split("</table>")[0]
    rows = {"": re.findall(r'<th scope="col" class="num">(.*?)</th>', table)}
    for name, row in re.findall(r"</i>(.*?)</th>(.*?)</tr>", table, flags=re.DOTALL):
        rows[name] = [unescape(text).replace("\N{NO-BREAK SPACE}", " ") for text in re.findall(r"<td[^>]*>(.*?)</td>", row)]
    return rows


def test_it_is_closed_and_says_that_it_claims_nothing(several: tuple[str, evidence.Evidence, Path]) -> None:
    section, _, _ = several
    assert re.search(r"<details>\s*<summary>Further numbers: nothing in here is a claim</summary>", section)
    assert "<h2>Exploratory</h2>" in section


def test_its_tables_hold_the_numbers_of_the_evidence(several: tuple[str, evidence.Evidence, Path]) -> None:
    section, found, _ = several
    grid, chosen = cells(section, "Grid and search: wine"), cells(section, "At the chosen cells: wine")
    shares, tried = (table[table["problem"].eq("wine") & table["contender"].eq("adam")] for table in (found.shares, found.tunability))
    medians = tried.set_index("budget")["median"]
    assert grid[""] == ["diverged", "stuck", "best of 1", "of 5", "of 16"]
    assert grid["adam"][0] == f"{100 * shares['diverged_cells'].iloc[0]:.0f} %"
    assert grid["adam"][3:] == [f"{medians[5]:.3f}", f"{medians[16]:.3f}"]
    assert chosen[""] == [
        "train \N{MINUS SIGN} test",
        "precision",
        "recall",
        "F1",
        "ROC-AUC",
        "steps per hit",
        "targets hit",
        "area",
        "profile",
        "first at",
    ]
    assert chosen["gd"][0] == "0.012"  # as the synthetic curves are made
    assert chosen["gd"][1:5] == ["0.875", "0.750", "0.762", "0.875"]


def test_several_problems_have_their_figures_and_say_who_is_left_out(several: tuple[str, evidence.Evidence, Path]) -> None:
    section, found, out = several
    assert "Not among these targets: own (no pinned baseline and reference)." in unescape(section)
    for budget, label in BUDGETS.items():
        together = cells(section, f"Many targets, all problems together, {label}")
        own = found.profile[found.profile["problem"].eq(ALL) & found.profile["budget"].eq(budget)].set_index("contender")
        assert {name: row[2] for name, row in together.items() if name} == {name: f"{own.loc[name, 'integral']:.3f}" for name in own.index}
    assert section.count("<svg") == 3 * 2 + 3
    for name in ("anytime-step", "anytime-flops", "profile-seconds", "wine-tunability"):
        assert (out / "figures" / f"{name}.pdf").is_file()
    for name in ("shares", "tunability", "generalisation", "classification", "anytime", "anytime_curve", "profile", "profile_curve"):
        pd.testing.assert_frame_equal(pd.read_csv(out / "tables" / f"{name}.csv"), getattr(found, name), check_dtype=False)
    assert (out / "tables" / "profile.tex").is_file()


def test_one_problem_has_no_figures_of_several(tmp_path: Path) -> None:
    section, found = written(tmp_path)
    assert section.count("<svg") == 1
    assert "All problems together" not in section
    kinds = [picture.kind for picture in figures.pictures(found)]
    assert kinds.count("tunability") == 1 and not {"anytime", "profile"} & set(kinds)


def test_the_lines_are_the_frames(several: tuple[str, evidence.Evidence, Path]) -> None:
    _, found, _ = several
    for budget in BUDGETS:
        line = exploratory.anytime(found, budget).lines[1]
        own = found.anytime_curve[found.anytime_curve["budget"].eq(budget) & found.anytime_curve["contender"].eq("adam")]
        np.testing.assert_array_equal(line.x, own["spent"])
        np.testing.assert_array_equal(line.median, own["share"])
        assert exploratory.profile(found, budget).stepped
    reached = exploratory.tunability(found, "wine").lines[0]
    assert list(reached.x) == list(range(1, 17))


def test_a_study_of_which_nothing_trained_still_has_its_shares(tmp_path: Path) -> None:
    section, found = written(tmp_path, diverge=True)
    assert cells(section, "Grid and search")["gd"] == ["100 %", "0 %", "diverged", "diverged", "diverged"]
    assert "At the chosen cells" not in section
    assert found.left_out == {"digits": "every run diverged"}
