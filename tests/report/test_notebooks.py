"""The report in a notebook: the page's figures and numbers, safe with any name, several of them in one document."""

import re

from optlab import evidence, report
from tests.evidence.synthetic import study
from tests.report.test_page import EVIL, Outline


def shown(name: str = "adam", seed: int = 0) -> str:
    frame, curves = study(contenders=("gd", "adam"), lr=(1e-2, 0.1), tuning=2, confirm=8, epochs=3, seed=seed)
    frame["contender"] = frame["contender"].replace("adam", name)
    return report.notebook(evidence.summary(frame, curves, 0.5), {"name": "mine"})


def test_it_has_the_verdict_the_ranking_and_the_figures_of_the_page() -> None:
    text = shown()
    outline = Outline(text)
    frame, curves = study(contenders=("gd", "adam"), lr=(1e-2, 0.1), tuning=2, confirm=8, epochs=3)
    found = evidence.summary(frame, curves, 0.5)
    assert found.verdict[0] in text
    assert f"{found.ranked['median'].iloc[0]:.3f}" in text
    assert outline.tags.count("svg") == 2 + 1 + 1
    assert "script" not in outline.tags
    assert "http:" not in text
    assert "https:" not in text


def test_names_are_text() -> None:
    text = shown(EVIL)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_two_of_them_in_one_notebook_share_no_identifier() -> None:
    texts = shown(seed=1), shown(seed=2)
    both = Outline("".join(texts))
    assert len(both.ids) == len(set(both.ids))
    for text in texts:
        references = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
        assert references
        assert references <= set(Outline(text).ids)


def test_it_can_be_asked_for_twice() -> None:
    assert callable(report.notebook)
    shown()
    assert callable(report.notebook)
