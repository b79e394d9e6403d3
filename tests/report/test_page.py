"""The page: whole, self-contained, safe with any name. What it does in a browser is tested in tests/browser."""

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from optlab import evidence, report
from optlab.evidence import verdict
from optlab.report import about, claims, formulas
from tests.evidence.synthetic import OPTIMIZERS, study
from tests.report.record import TOML, record

EVIL = "<script>alert('x')</script>"


class Outline(HTMLParser):
    """Collects tags, ids and attributes, and fails on tags that do not close in order."""

    EMPTY = frozenset({"meta", "br", "img", "hr", "link", "path", "use", "rect", "circle", "stop"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frame, curves = study()
    return report.write(evidence.summary(frame, curves, 0.95), frame, curves, record(), tmp_path_factory.mktemp("report"))


def small(out: Path, changes: dict[str, Any] | None = None, rename: str | None = None, **shape: Any) -> str:
    options = {"contenders": ("gd", "adam"), "tuning": 2, "confirm": 2, "epochs": 4, "lr": (1e-3, 1e-2, 0.1, 1.0), **shape}
    frame, curves = study(**options)
    if rename:
        frame["contender"] = frame["contender"].replace("adam", rename)
        frame["problem"] = rename
    return report.write(evidence.summary(frame, curves, 0.95), frame, curves, record() | (changes or {}), out).read_text()


def test_the_page_is_well_formed_with_distinct_ids_and_every_reference_resolved(written: Path) -> None:
    text = written.read_text()
    outline = Outline(text)
    assert len(outline.ids) == len(set(outline.ids))
    references = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    assert references
    assert references <= set(outline.ids)
    assert outline.tags.count("h1") == 1


def test_nothing_is_loaded_from_anywhere(written: Path) -> None:
    text = written.read_text()
    assert "http:" not in text
    assert "https:" not in text
    outline = Outline(text)
    assert not {"link", "iframe", "object", "embed", "img"} & set(outline.tags)
    assert all(str(value).startswith("#") for name, value in outline.attributes if name in ("src", "href", "xlink:href"))
    assert "@import" not in text
    assert written.stat().st_size < 3_000_000


def test_only_the_pages_own_scripts_run(written: Path) -> None:
    text = written.read_text()
    allowed = re.findall(r"'sha256-([^']+)'", text)
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    assert [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts] == allowed
    assert len(scripts) == 2
    assert "script-src 'sha256-" in text
    assert "default-src 'none'" in text


def test_the_order_of_the_page(written: Path) -> None:
    text = written.read_text()
    wanted = ["Verdict", "Who is best when tuned?", "Who forgives", "Who reaches 0.95 validation accuracy", "<h2>Who is better than whom"]
    wanted += ["<h2>Ranked", "<h2>Which settings work", "Heat map of gd", "Heat map of adam", "<h2>Sensitivity", "<h2>Learning curves"]
    wanted += ["<h2>Exploratory", "<h2>Formulas", "<h2>Methods", "<h2>Settings", "<h2>Reproducibility"]
    wanted += ["--plugin FILE --set optimizer+=mine"]
    places = [text.index(mark) for mark in wanted]
    assert places == sorted(places)
    assert text.count('role="img"') == 3 * 6 + 1 + 3 + 1 + 1  # maps of 3 data sets, sensitivity, learning curves, tunability, a formula
    assert "31.2 s" in text
    assert TOML.splitlines()[6] in text


def test_figures_and_tables_stand_beside_the_page(written: Path) -> None:
    names = {path.name for path in (written.parent / "figures").iterdir()}
    expected = {"heatmaps", "sensitivity", "tunability", "learning-step", "learning-seconds", "learning-flops"}
    expected |= {f"heatmap-{name}" for name in OPTIMIZERS}
    assert {f"{name}.{kind}" for name in expected for kind in ("png", "svg", "pdf", "pgf")} == names
    ranked = pd.read_csv(written.parent / "tables" / "ranked.csv")
    assert list(ranked["rank"]) == [1, 2, 3, 4, 5, 6]
    assert len(pd.read_parquet(written.parent / "tables" / "trials.parquet")) == 852
    assert not list(written.parent.rglob(".*"))


def test_names_are_text_wherever_they_stand(tmp_path: Path) -> None:
    changes = {
        "name": EVIL,
        "description": EVIL,
        "notes": [EVIL],
        "toml": EVIL,
        "command": EVIL,
        "cpu": EVIL,
        "versions": {EVIL: EVIL},
        "methods": EVIL,
        "protocol": [[EVIL, EVIL]],
        "rerun": EVIL,
        "formulas": {EVIL: {"text": EVIL, "doc": EVIL, "latex": rf"\text{{{EVIL}}}", "flops": 2, "slots": 0}},
    }
    text = small(tmp_path, changes, rename=EVIL)
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;") > 15
    assert Outline(text).tags.count("script") == 2


def test_a_record_may_be_empty(tmp_path: Path) -> None:
    frame, curves = study(contenders=("adam",), tuning=1, confirm=1, epochs=2)
    text = report.write(evidence.summary(frame, curves), frame, curves, {}, tmp_path).read_text()
    assert "1 optimizer" in text
    Outline(text)


@pytest.mark.parametrize(
    "shape",
    [
        {"diverge": True},
        {"confirm": 0},
        {"test": False, "validation": False},
        {"lr": (0.01,), "l2": (0.0,)},
        {"metric": "r2", "problems": ("runge", "franke")},
        {"contenders": ("adam",)},
        {"hyper": {"beta": (0.9, 0.99)}, "l1": (0.0, 1e-3)},
    ],
)
def test_odd_studies_still_give_a_page(tmp_path: Path, shape: dict[str, Any]) -> None:
    text = small(tmp_path, **shape)
    Outline(text)
    visible = re.sub(r"<style>.*?</style>|<script>.*?</script>|<svg.*?</svg>", "", text, flags=re.DOTALL)
    assert not re.search(r"\bnan\b|\binf\b|None", visible)
    if not shape.get("confirm", 1):
        assert "nothing is confirmed" in visible
    if shape.get("diverge"):
        assert "at least half of the replicates of each diverged" in visible


def test_columns_of_mixed_kinds_are_saved(tmp_path: Path) -> None:
    frame, curves = study(contenders=("gd",), tuning=2, confirm=0, epochs=2)
    frame["batch_size"] = [64, "full"] * (len(frame) // 2)
    report.write(evidence.summary(frame, curves), frame, curves, {}, tmp_path)
    assert set(pd.read_parquet(tmp_path / "tables" / "trials.parquet")["batch_size"]) == {"64", "full"}


def test_unknown_latex_falls_back_to_the_text_of_the_formula(tmp_path: Path) -> None:
    assert formulas.typeset(r"\nosuchcommand{x}", "p-") is None
    text = small(tmp_path, {"formulas": {"adam": {"text": "the plain text", "latex": r"\nosuchcommand{x}"}}})
    assert "the plain text" in text


def test_the_terminal_shows_the_same_answers_and_no_markup_is_read_from_names() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    frame["contender"] = frame["contender"].replace("adam", "[red]adam[/red]")
    found = evidence.summary(frame, curves, 0.95)
    console = Console(file=io.StringIO(), width=200)
    report.terminal(found, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for answer in found.answers:
        assert answer.question in text
        assert answer.short in text
    assert text.count("[red]adam[/red]") >= 3


def test_of_many_pairs_those_of_the_leader_are_shown_first(written: Path) -> None:
    frame, curves = study(contenders=(*OPTIMIZERS, "mine"))
    found = evidence.summary(frame, curves, 0.95)
    leader = verdict.leader(found.claims, found.ranked, found.contenders)
    first, others = claims.rows(found, "digits")
    assert len(first) == len(OPTIMIZERS) and all(leader in (row["a"], row["b"]) for row in first)
    assert len(first) + len(others) == len(found.claims) == 21
    assert "The other" not in written.read_text()  # 15 pairs fit one table


def test_what_the_replicates_can_show_at_best_is_said(written: Path) -> None:
    assert "With 10 replicates and 15 pairs the p of a difference is at least 0.029" in written.read_text()


def test_simple_models_stand_below_the_ranking() -> None:
    made = [{"name": "constant", "metric": 0.1034, "note": ""}, {"name": "network", "metric": None, "note": "too large"}]
    assert about.simple_models({"baselines": {"digits": made}}, "digits") == "constant 0.103, network no result (too large)"
    assert about.simple_models({}, "digits") == ""


def test_the_pairing_correlation_is_printed(written: Path) -> None:
    found = evidence.summary(*study(), 0.95).claims["correlation"]
    assert f"Correlation of the paired replicates: {claims.signed(float(found.median()), 2)}" in written.read_text()
