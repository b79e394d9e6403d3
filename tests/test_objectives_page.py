"""The comparison of optimizers on an objective: the tuning rule, the page, the command."""

import json
import math
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import optlab
from optlab.cli import app
from optlab.objectives import compare
from optlab.report import objectives as page

OPTIMIZERS = optlab.catalogue()["optimizers"]


def small(names=("rosenbrock", "noisy_quadratic"), steps=40):
    rules = [OPTIMIZERS["adam"], OPTIMIZERS["gd"]]
    return [compare.compare(one, rules, steps=steps, starts=2) for one in compare.objectives_of(optlab.catalogue(), names)]


def test_the_learning_rate_is_the_one_the_rule_says():
    found = small(("rosenbrock",))[0]
    for entry in found.entries:
        lost, means = [], []
        for rate in compare.RATES:
            runs = [optlab.minimise("rosenbrock", entry.optimizer, {"lr": rate}, start=start, steps=40) for start in found.starts]
            lost.append(sum(run.status != "done" for run in runs))
            means.append(np.mean([run.value for run in runs if run.status == "done"]) if lost[-1] < 2 else math.inf)
        best = min(range(len(lost)), key=lambda k: (lost[k], means[k], k))
        assert entry.rate == compare.RATES[best]
        assert entry.score == (lost[best], pytest.approx(means[best], rel=1e-13))
    np.testing.assert_array_equal(found.starts[0], [-1.2, 1.0])
    assert compare.RATES[0] == 1e-5 and compare.RATES[-1] == 10 and len(compare.RATES) == 13


def test_the_page_is_self_contained_and_reproducible(tmp_path):
    for folder in ("a", "b"):
        page.write(small(), compare.RATES, {"seed": "0"}, tmp_path / folder)
    files = sorted(file.relative_to(tmp_path / "a") for file in (tmp_path / "a").rglob("*") if file.is_file())
    assert {str(file) for file in files} >= {
        "index.html",
        "tables/tuned.csv",
        "figures/rosenbrock-paths-1.svg",
        "figures/rosenbrock-curves.png",
    }
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file
    text = (tmp_path / "a" / "index.html").read_text()
    assert not re.search(r"https?://|<script|<link|url\((?!#)", text)
    assert text.count("<svg") == 4  # two paths and a curve; 20 dimensions have no contour
    assert "mathdefault" not in text and not re.search(r"\b(nan|inf)\b", re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL))
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_the_table_says_what_the_runs_did(tmp_path):
    found = small(("booth",), steps=400)[0]
    rows = {row["optimizer"]: row for row in page.rows(found)}
    gd = next(entry for entry in found.entries if entry.optimizer == "gd")
    hits = [np.flatnonzero(run.values <= found.gap_to_reach)[0] for run in gd.runs]
    assert rows["gd"]["reached"] == "2 of 2" and float(rows["gd"]["evaluations"]) == np.median(hits)


def test_the_command_writes_the_page(tmp_path):
    arguments = [
        "objectives",
        "saddle",
        "rastrigin",
        "--optimizer",
        "adam",
        "--dimension",
        "3",
        "--steps",
        "20",
        "--out",
        str(tmp_path / "page"),
    ]
    run = CliRunner().invoke(app, [*arguments, "--json"])
    assert run.exit_code == 0, run.output
    assert [one["objective"] for one in json.loads(run.stdout)] == ["saddle", "rastrigin"]
    names = {file.stem for file in (tmp_path / "page" / "figures").iterdir()}
    assert {"saddle-paths-1", "saddle-paths-3", "rastrigin-curves"} <= names and "rastrigin-paths-1" not in names  # 3 dimensions
    with pytest.raises(optlab.OptlabError, match="no objective called 'sadle'"):
        CliRunner().invoke(app, ["objectives", "sadle"], catch_exceptions=False)


def test_show_says_where_the_minimum_lies():
    shown = CliRunner().invoke(app, ["plugins", "show", "himmelblau"]).output
    assert "minimum: 0 at (3, 2)" in shown and "box: [-5, 5] x [-5, 5]" in shown
