"""What searches found is drawn over each axis: every cell at its place, the chosen one ringed, and best values where there are few."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from optlab import evidence
from optlab.evidence import Evidence
from optlab.report import about, figures, heatmap, search, style
from tests.evidence.synthetic import study

TIMES = "\N{MULTIPLICATION SIGN}"
SMALL: dict[str, Any] = {"contenders": ("adam",), "tuning": 1, "confirm": 1, "epochs": 2}


def together(*parts: tuple[pd.DataFrame, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Frames and curves of several made-up studies as those of one."""
    named = [[table.assign(digest=f"{place}-" + table["digest"]) for table in part] for place, part in enumerate(parts)]
    return pd.concat([frame for frame, _ in named], ignore_index=True), pd.concat([curves for _, curves in named], ignore_index=True)


def searched(contenders: tuple[str, ...] = ("adam",), draws: int = 12) -> tuple[pd.DataFrame, Evidence]:
    """The frame and evidence of a study whose cells were drawn: no two share a learning rate or an L2."""
    rng = np.random.default_rng(0)
    parts = []
    for lr, l2 in zip(10 ** rng.uniform(-4, 0, draws), 10 ** rng.uniform(-6, -2, draws), strict=True):
        parts.append(study(contenders=contenders, lr=(lr,), l2=(l2,), tuning=2, confirm=0, epochs=3))
    frame, curves = together(*parts)
    return frame, evidence.summary(frame, curves)


def test_every_cell_of_a_search_is_a_point_of_each_panel_and_there_are_no_heat_maps() -> None:
    _, found = searched(("gd", "adam"))
    drawn = search.search(found, "digits")
    assert [panel.title for panel in drawn.panels] == ["learning rate", "L2"]
    for panel, axis in zip(drawn.panels, ("lr", "l2"), strict=True):
        assert panel.log_x
        for series in panel.series:
            own = found.cells[found.cells["contender"].eq(series.contender)]
            assert sorted(zip(series.x, series.y, strict=True)) == sorted(zip(own[axis], own["median"], strict=True))
            assert series.best is None
            assert series.chosen is not None
            assert series.x[series.chosen] == found.chosen.loc[("digits", series.contender), axis]
    assert heatmap.heat_maps(found, "digits") == []
    kinds = {picture.kind for picture in figures.pictures(found)}
    assert "search" in kinds and "heatmap" not in kinds


def test_a_grid_of_three_axes_keeps_its_maps_and_shows_the_best_over_the_others() -> None:
    frame, curves = study(hyper={"beta1": (0.5, 0.9, 0.99)}, layers=("64-50-10", "64-50-50-10"), **SMALL)
    found = evidence.summary(frame, curves)
    drawn = {panel.title: panel for panel in search.search(found, "digits").panels}
    assert list(drawn) == ["learning rate", "L2", "beta1", "layers"]
    best = drawn["learning rate"].series[0].best
    assert best is not None
    top = found.cells.groupby("lr")["median"].max()
    np.testing.assert_array_equal(best[0], top.index)
    np.testing.assert_array_equal(best[1], top.where(np.isfinite(top)))
    assert drawn["layers"].ticks == (f"2{TIMES}50", "50")
    assert drawn["L2"].ticks == ("0", "1e-4", "0.001", "0.01"), "0 has no place on a logarithmic line"
    assert {"search", "heatmap"} <= {picture.kind for picture in figures.pictures(found)}


def test_cells_without_a_setting_are_left_out_of_its_panel() -> None:
    some, others = study(hyper={"beta1": (0.5, 0.9, 0.99)}, layers=("64-50-10",), **SMALL), study(layers=("64-50-50-10",), **SMALL)
    frame, curves = together(some, others)
    found = evidence.summary(frame, curves)
    drawn = {panel.title: panel for panel in search.search(found, "digits").panels}
    assert len(drawn["beta1"].series[0].x) == found.cells["hyper.beta1"].notna().sum() < len(found.cells)


def test_a_plain_grid_needs_no_such_picture() -> None:
    frame, curves = study(**SMALL)
    assert search.search(evidence.summary(frame, curves), "digits").panels == ()


@pytest.mark.parametrize("diverge", [False, True])
def test_it_can_be_drawn_also_where_nothing_trained(diverge: bool) -> None:
    shape: dict[str, Any] = SMALL | {"contenders": ("gd", "adam"), "confirm": 0, "lr": (0.01, 0.1), "l2": (0.0, 1e-3), "diverge": diverge}
    frame, curves = study(hyper={"kind": ("a", "b")}, **shape)
    picture = next(one for one in figures.pictures(evidence.summary(frame, curves), 3.37) if one.kind == "search")
    assert style.svg(picture.draw(), "x").count("<svg") == 1


def test_the_line_below_the_title_counts_what_was_run() -> None:
    shape: dict[str, Any] = SMALL | {"confirm": 0, "lr": (0.1, 1.0)}
    frame, curves = study(**shape | {"contenders": ("gd", "adam")})
    told = about.described(evidence.summary(frame, curves), frame)
    assert f"2 optimizers {TIMES} 2 learning rates {TIMES} 4 L2 strengths {TIMES} 1 tuning replicate" in told
    drawn, found = searched()
    assert f"1 optimizer {TIMES} 12 cells each {TIMES} 2 tuning replicates" in about.described(found, drawn)
    one = study(**shape | {"contenders": ("gd",), "l1": (0.0, 0.1, 1.0), "l2": (0.0,)})
    other = study(**shape | {"l2": (0.0, 0.1, 1.0)})
    both, curves = together(one, other)
    told = about.described(evidence.summary(both, curves), both)
    assert f"2 learning rates {TIMES} 3 L1 or L2 strengths {TIMES} 1 tuning replicate" in told
