"""One figure as a file: which one, how wide, in which format; and which files a report leaves behind."""

import json
import re
import struct
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest

from optlab import evidence, report
from optlab.errors import OptlabError
from optlab.evidence import Evidence
from optlab.report import export, folder, pgf, style, tablefiles
from tests.evidence.synthetic import study


@pytest.fixture(scope="module")
def found() -> Evidence:
    frame, curves = study(contenders=("gd", "adam"), problems=("digits", "wine"), lr=(1e-3, 1e-2, 0.1), tuning=2, confirm=2, epochs=3)
    return evidence.summary(frame, curves, 0.9)


@pytest.mark.parametrize(
    ("text", "inches"), [("3.37in", 3.37), ("8.6cm", 8.6 / 2.54), ("86 mm", 86 / 25.4), ("246.0PT", 246 / 72.27), ("4", 4.0)]
)
def test_widths(text: str, inches: float) -> None:
    assert export.width(text) == pytest.approx(inches)


@pytest.mark.parametrize("text", ["", "wide", "3.37 inch", "-3in", "1in", "200cm", "nan", "3..4in", "1e999in"])
def test_what_is_no_width_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(OptlabError, match="the width") as raised:
        export.width(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("heatmap:adam:wine", "wine-heatmap-adam"),
        ("heatmap:wine:adam", "wine-heatmap-adam"),
        ("heatmap:adam:wine:validation", "wine-heatmap-adam"),
        ("heatmap:adam:test:wine", "wine-heatmap-adam-test"),
        ("heatmaps:digits:train", "digits-heatmaps-train"),
        ("sensitivity:digits", "digits-sensitivity"),
        ("learning:flops:wine", "wine-learning-flops"),
        ("digits-learning-step", "digits-learning-step"),
    ],
)
def test_a_figure_is_found_by_kind_and_what_tells_it_apart(found: Evidence, spec: str, name: str) -> None:
    assert export.find(found, spec).name == name


def test_several_or_no_figures_are_named(found: Evidence) -> None:
    with pytest.raises(OptlabError, match="any of heatmap:adam:digits, heatmap:adam:wine; name one"):
        export.find(found, "heatmap:adam")
    with pytest.raises(OptlabError, match="there is no figure 'heatmap:adma:wine'.*heatmap:adam:wine"):
        export.find(found, "heatmap:adma:wine")


def test_names_with_colons_and_kinds_in_them_are_found() -> None:
    frame, curves = study(contenders=("gd", "adam"), lr=(1e-2, 0.1), l2=(0.0,), tuning=1, confirm=1, epochs=2)
    frame["contender"] = frame["contender"].replace({"gd": "a:b", "adam": "heatmap"})
    named = evidence.summary(frame, curves)
    assert export.find(named, "heatmap:a:b").contender == "a:b"
    assert export.find(named, "heatmap:heatmap").contender == "heatmap"


def test_a_contender_called_like_a_data_set_is_the_contender() -> None:
    frame, curves = study(contenders=("gd", "adam"), lr=(1e-2, 0.1), l2=(0.0,), tuning=1, confirm=1, epochs=2)
    frame["contender"] = frame["contender"].replace({"gd": "test"})
    named = evidence.summary(frame, curves)
    one, other = export.find(named, "heatmap:test"), export.find(named, "heatmap:test:test")
    assert (one.contender, one.on, other.contender, other.on) == ("test", "validation", "test", "test")


def size_of(path: Path) -> float:
    """The width in inches that a reader of the file sees."""
    content = path.read_bytes()
    if path.suffix == ".png":
        return float(struct.unpack(">I", content[16:20])[0]) / 220
    pattern = {
        ".svg": rb'<svg[^>]* width="([\d.]+)pt"',
        ".pdf": rb"/MediaBox \[ ?0 0 ([\d.]+)",
        ".pgf": rb"pgfqpoint\{([\d.]+)in\}\{[\d.]+in\}\}\n\\pgfusepath\{use as",
    }[path.suffix]
    match = re.search(pattern, content)
    assert match
    return float(match[1]) / (1 if path.suffix == ".pgf" else 72)


@pytest.mark.parametrize("form", export.FORMATS)
@pytest.mark.parametrize("spec", ["heatmap:adam:wine", "learning:step:wine"])
def test_a_file_has_the_width_asked_for_and_the_names_inside(found: Evidence, tmp_path: Path, form: str, spec: str) -> None:
    path = report.figure_file(found, spec, export.width("8.6cm"), tmp_path / f"deep/er/x.{form}")
    assert size_of(path) == pytest.approx(8.6 / 2.54, abs=0.01)
    if form in ("svg", "pgf"):
        assert "adam" in path.read_text()
        assert "64-50-10" in path.read_text()


def test_text_is_8_pt_at_any_width(found: Evidence, tmp_path: Path) -> None:
    for inches in (3.37, 7.0):
        text = report.figure_file(found, "heatmap:adam:wine", inches, tmp_path / "x.svg").read_text()
        assert re.search(r"font: 700 8px|font-size: 8px", text)


def test_a_file_without_a_known_ending_is_refused(found: Evidence, tmp_path: Path) -> None:
    with pytest.raises(OptlabError, match="png, svg, pdf, pgf"):
        report.figure_file(found, "sensitivity:wine", None, tmp_path / "x.jpeg")
    (tmp_path / "file").write_text("")
    with pytest.raises(OptlabError, match="cannot be written"):
        report.figure_file(found, "sensitivity:wine", None, tmp_path / "file" / "x.png")


@pytest.mark.parametrize(
    ("out", "form", "name"),
    [
        (None, None, "heatmap-adam.png"),
        (None, "PDF", "heatmap-adam.pdf"),
        ("x.svg", None, "x.svg"),
        ("x", "pgf", "x.pgf"),
        ("x.pdf", "pdf", "x.pdf"),
    ],
)
def test_where_a_figure_goes(out: str | None, form: str | None, name: str) -> None:
    assert export.target("heatmap:adam", out, form) == Path(name)


def test_a_folder_lends_its_place(tmp_path: Path) -> None:
    assert export.target("heatmap:a/../b", str(tmp_path), "svg") == tmp_path / "heatmap-a-b.svg"


def test_a_format_that_contradicts_the_file_is_refused() -> None:
    with pytest.raises(OptlabError, match="disagree"):
        export.target("heatmap:adam", "x.svg", "pdf")
    with pytest.raises(OptlabError, match="png, svg, pdf, pgf, not as 'eps'"):
        export.target("heatmap:adam", None, "eps")


def test_a_pdf_embeds_truetype_and_leaves_the_settings_alone(found: Evidence) -> None:
    before = list(mpl.rcParams["font.sans-serif"])
    content = style.pdf(export.find(found, "heatmap:adam:wine").draw())
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    assert list(mpl.rcParams["font.sans-serif"]) == before


def test_pgf_needs_no_latex_and_prints_names_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert pgf.escape("a_b & c% $x^2$ {\\d} 10⁻³ \N{MINUS SIGN}.5 R²") == (
        r"a\_b \& c\% \$x\textasciicircum{}2\$ \{\textbackslash{}d\} 10\ensuremath{^{-3}} \ensuremath{-}.5 R\ensuremath{^2}"
    )
    frame, curves = study(contenders=("gd", "adam"), lr=(1e-2, 0.1), tuning=1, confirm=1, epochs=2)
    frame["contender"] = frame["contender"].replace("adam", "a_d&m#")
    text = pgf.pgf(export.find(evidence.summary(frame, curves), "heatmap:a_d&m#").draw()).decode()
    assert r"a\_d\&m\#" in text
    assert text.count(r"\begin{pgfscope}") == text.count(r"\end{pgfscope}")
    assert text.isascii()


def test_files_of_an_earlier_report_go_and_the_readers_own_stay(tmp_path: Path) -> None:
    def written(*contenders: str) -> set[str]:
        frame, curves = study(contenders=contenders, lr=(1e-2, 0.1), tuning=1, confirm=1, epochs=2)
        report.write(evidence.summary(frame, curves), frame, curves, {}, tmp_path)
        return {path.name for path in (tmp_path / "figures").iterdir()}

    assert "heatmap-adam.pgf" in written("gd", "adam")
    (tmp_path / "figures" / "mine.png").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    now = written("gd")
    assert "heatmap-gd.pdf" in now
    assert not any("adam" in name for name in now)
    assert (tmp_path / "figures" / "mine.png").exists()
    assert (tmp_path / "notes.txt").exists()


def test_a_list_of_files_elsewhere_is_not_believed(tmp_path: Path) -> None:
    out = tmp_path / "report"
    (out / "figures").mkdir(parents=True)
    outside = tmp_path / "precious.txt"
    outside.write_text("")
    inside = out / "index.html"
    inside.write_text("")
    (out / folder.LIST).write_text(
        json.dumps(["../precious.txt", "index.html", "figures/../../precious.txt", str(outside), 3, "figures/.."])
    )
    assert folder.settle(out, []) == []
    assert outside.exists()
    assert inside.exists()
    (out / folder.LIST).write_text("{broken")
    assert folder.settle(out, []) == []


def test_tables_for_print_say_what_the_frame_says(tmp_path: Path) -> None:
    frame, curves = study(contenders=("gd", "adam"), lr=(1e-2, 0.1), confirm=8, epochs=2)
    frame["contender"] = frame["contender"].replace("adam", "a|d_m & <b>")
    found = evidence.summary(frame, curves, 0.5)
    names = {path.name for path in tablefiles.save(found, frame, tmp_path)}
    assert {"ranked.csv", "ranked.parquet", "ranked.tex", "ranked.md", "claims.tex", "claims.md", "trials.parquet"} <= names
    assert "trials.tex" not in names
    markdown = (tmp_path / "ranked.md").read_text().splitlines()
    assert markdown[0].startswith("| problem | contender |")
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in markdown}) == 1
    assert r"a\|d\_m & &lt;b>" in "".join(markdown)
    latex = (tmp_path / "ranked.tex").read_text()
    assert r"a\ensuremath{|}d\_m \& \ensuremath{<}b\ensuremath{>}" in latex
    assert latex.count(r"\\") == 3
    assert f"{found.ranked['median'].iloc[0]:.3f}" in latex
    again = pd.read_csv(tmp_path / "ranked.csv")
    assert list(again["contender"]) == list(found.ranked["contender"])
