"""The colours that one sees are the data: of the drawing's cells, of the pixels, and between the data sets."""

import io
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread

from optlab import evidence
from optlab.evidence import Evidence
from optlab.report import export, figures, heatmap, heatmap_picture, style
from tests.evidence.synthetic import study


@pytest.fixture(scope="module")
def found() -> Evidence:
    frame, curves = study(contenders=("gd", "adam"), seed=2)
    return evidence.summary(frame, curves)


def expected(found: Evidence, contender: str, data: str) -> dict[tuple[int, int], str]:
    """The colour of each cell from the frame's own numbers: cividis, one straight scale over all medians of all sets."""
    cells = found.cells
    medians = {"validation": cells["median"], "test": cells["median_test"], "train": cells["median_train"]}
    finite = np.concatenate([column[np.isfinite(column)] for column in medians.values()])
    low, high = finite.min(), finite.max()
    colours = {}
    rates, strengths = sorted(cells["lr"].unique()), sorted(cells["l2"].unique())
    for row, value in zip(cells.to_dict("records"), medians[data], strict=True):
        if row["contender"] == contender:
            shade = mpl.colormaps["cividis"]((value - low) / (high - low)) if np.isfinite(value) else None
            colours[strengths.index(row["l2"]), rates.index(row["lr"])] = mpl.colors.to_hex(shade) if shade else style.VOID
    return colours


@pytest.mark.parametrize("data", ["validation", "test", "train"])
def test_every_cell_of_the_drawing_has_the_colour_of_its_median(found: Evidence, data: str) -> None:
    drawing = style.svg(export.find(found, f"heatmap:gd:{data}").draw(), "x")
    filled = re.findall(r'<g id="cell:(\d+):(\d+)">\s*<path[^>]*style="fill: (#[0-9a-f]{6})', drawing)
    shown = {(int(i), int(j)): colour for i, j, colour in filled}
    wanted = expected(found, "gd", data)
    assert shown == wanted
    assert len(shown) == 44 and len(set(shown.values())) == len(set(wanted.values())) > 10


def test_the_pixels_are_those_colours(found: Evidence) -> None:
    heat = heatmap.heat_map(found, "digits", "adam")
    bounds = heatmap.scale(
        [heatmap.heat_map(found, "digits", name, on) for name in ("gd", "adam") for on in ("validation", "test", "train")], "accuracy"
    )
    figure = heatmap_picture.draw(heat, bounds)
    picture = imread(io.BytesIO(style.png(figure, dpi=300)))
    box = figure.axes[0].get_position()
    tall, wide = picture.shape[:2]
    rows, columns = heat.median.shape
    for (i, j), colour in expected(found, "adam", "validation").items():
        if heat.diverged[i, j] or heat.stuck[i, j] or (i, j) == heat.chosen:
            continue  # hatched, or under an outline
        x = wide * (box.x0 + box.width * (j + 0.12) / columns)
        y = tall * (1 - box.y1 + box.height * (i + 0.12) / rows)
        assert picture[int(y), int(x), :3] == pytest.approx(mpl.colors.to_rgb(colour), abs=2 / 255)


def test_one_scale_for_all_sets_and_only_what_chose_says_so(found: Evidence) -> None:
    pictures = [one for one in figures.pictures(found) if one.kind == "heatmap" and one.contender == "adam"]
    assert [(one.on, one.aside) for one in pictures] == [("validation", False), ("test", True), ("train", True)]
    scales = {tuple(re.findall(r">([.\d]+)</text>", style.svg(one.draw(), "x"))[-2:]) for one in pictures}
    assert len(scales) == 1
    first, *others = (one.data for one in pictures)
    assert isinstance(first, heatmap.HeatMap) and first.subtitle.startswith("on validation · chosen: lr")
    for heat in others:
        assert isinstance(heat, heatmap.HeatMap)
        assert heat.subtitle == f"on {heat.data} · outlined: chosen on validation"
        assert (heat.chosen, heat.best, heat.edges) == (first.chosen, (), ())


def test_medians_of_the_other_sets_are_the_frames() -> None:
    frame, curves = study(contenders=("adam",), seed=4, lr=(0.01, 0.1, 1.0))
    own = evidence.summary(frame, curves)
    for data in ("test", "train"):
        heat = heatmap.heat_map(own, "digits", "adam", data)
        for i, l2 in enumerate(heat.y):
            for j, lr in enumerate(heat.x):
                runs = frame[frame["lr"].eq(lr) & frame["l2"].eq(l2) & frame["phase"].eq("tuning")]
                values = sorted(-np.inf if row["status"] == "diverged" else row[f"{data}_metric"] for row in runs.to_dict("records"))
                assert (heat.median[i, j], heat.low[i, j], heat.high[i, j]) == (values[1], values[0], values[-1])


def test_without_test_data_there_is_no_map_of_them() -> None:
    frame, curves = study(contenders=("adam",), test=False, tuning=1, confirm=1, epochs=2)
    assert heatmap.data_sets(evidence.summary(frame, curves), "digits") == ["validation", "train"]
    frame, curves = study(contenders=("adam",), test=False, validation=False, tuning=1, confirm=1, epochs=2)
    assert heatmap.data_sets(evidence.summary(frame, curves), "digits") == ["train"]


def test_the_pixels_of_a_map_of_many_cells_are_its_colours() -> None:
    rates, strengths = tuple(np.geomspace(1e-4, 1.0, 45).tolist()), tuple(np.geomspace(1e-6, 1e-1, 50).tolist())
    many = evidence.summary(*study(contenders=("gd",), lr=rates, l2=strengths, tuning=1, confirm=1, seed=2))
    heat = heatmap.heat_map(many, "digits", "gd")
    assert heat.dense and heat.median.shape == (50, 45)
    figure = heatmap_picture.draw(heat, heatmap.scale([heat], "accuracy"))
    assert figure.get_size_inches()[1] < 4
    assert "cell:" not in style.svg(figure, "x") and len(style.svg(figure, "x")) < 400_000
    picture, box = imread(io.BytesIO(style.png(figure, dpi=600))), figure.axes[0].get_position()
    tall, wide = picture.shape[:2]
    wanted, seen = expected(many, "gd", "validation"), 0
    assert heat.chosen is not None
    for (i, j), colour in wanted.items():
        if heat.diverged[i, j] or heat.stuck[i, j] or max(abs(i - heat.chosen[0]), abs(j - heat.chosen[1])) < 3:
            continue
        x = wide * (box.x0 + box.width * (j + 0.5) / 45)
        y = tall * (1 - box.y1 + box.height * (i + 0.5) / 50)
        assert picture[int(y), int(x), :3] == pytest.approx(mpl.colors.to_rgb(colour), abs=8 / 255)  # of 64 colours the nearest
        seen += 1
    assert seen > 500
