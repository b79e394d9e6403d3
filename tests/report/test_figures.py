"""The data behind the pictures, and that every kind of study can be drawn."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.text import Text

from optlab import evidence
from optlab.report import figures, heatmap, labels, lines, style
from tests.evidence.synthetic import L2, LEARNING_RATES, study


def test_a_heat_map_holds_every_cell_at_its_place() -> None:
    frame, curves = study(seed=4)
    found = evidence.summary(frame, curves)
    heat = heatmap.heat_map(found, "digits", "adam")
    assert (heat.x_name, heat.y_name, heat.x, heat.y) == ("lr", "l2", LEARNING_RATES, L2)
    for i, l2 in enumerate(L2):
        for j, lr in enumerate(LEARNING_RATES):
            own = frame[frame["contender"].eq("adam") & frame["lr"].eq(lr) & frame["l2"].eq(l2) & frame["phase"].eq("tuning")]
            values = sorted(-np.inf if row.status == "diverged" else row.validation_metric for row in own.itertuples())
            assert heat.median[i, j] == values[1]
            assert heat.diverged[i, j] == pytest.approx(own["status"].eq("diverged").mean())
    best = found.chosen.loc[("digits", "adam")]
    assert heat.chosen == (L2.index(best["l2"]), LEARNING_RATES.index(best["lr"]))
    assert "64-50-10 sigmoid" in heat.settings
    assert "batch 64" in heat.settings


def test_all_maps_of_a_problem_share_one_scale() -> None:
    frame, curves = study()
    maps = heatmap.heat_maps(evidence.summary(frame, curves), "digits")
    finite = np.concatenate([heat.median[np.isfinite(heat.median)] for heat in maps])
    assert heatmap.scale(maps, "accuracy") == (finite.min(), finite.max())


def test_l1_is_the_second_axis_where_l2_does_not_vary() -> None:
    frame, curves = study(contenders=("adam",), l2=(0.0,), l1=(0.0, 1e-3, 1e-2))
    heat = heatmap.heat_map(evidence.summary(frame, curves), "digits", "adam")
    assert heat.y_name == "l1"
    assert heat.median.shape == (3, 11)


def test_further_axes_are_sliced_at_the_chosen_cell_and_the_picture_says_so() -> None:
    frame, curves = study(contenders=("adam",), hyper={"beta1": (0.9, 0.99)}, layers=("64-50-10", "64-100-10"), tuning=1, confirm=1)
    found = evidence.summary(frame, curves)
    heat = heatmap.heat_map(found, "digits", "adam")
    best = found.chosen.iloc[0]
    assert f"beta1 {best['hyper.beta1']:g} as chosen" in heat.settings
    assert f"{best['layers']}" in heat.settings
    assert heat.chosen is not None
    assert heat.median[heat.chosen] == best["median"]


def test_a_contender_without_a_trained_cell_has_a_map_without_an_outline() -> None:
    frame, curves = study(contenders=("adam",), diverge=True)
    heat = heatmap.heat_map(evidence.summary(frame, curves), "digits", "adam")
    assert heat.chosen is None
    assert heat.chosen_text == "no cell trained"
    assert np.isneginf(heat.median).all()


def test_line_data_are_the_profiles_and_colours_follow_the_contender() -> None:
    frame, curves = study(contenders=("gd", "momentum", "adam"))
    found = evidence.summary(frame, curves, 0.95)
    data = lines.sensitivity(found, "digits")
    assert [line.contender for line in data.lines] == ["gd", "momentum", "adam"]
    own = found.sensitivity[found.sensitivity["contender"].eq("adam")]
    np.testing.assert_array_equal(data.lines[2].median, own["median"])
    assert data.lines[2].x[data.lines[2].chosen] == found.chosen.loc[("digits", "adam"), "lr"]
    curve = lines.learning(found, "digits", "flops")
    assert curve.target == 0.95
    assert all((np.diff(line.x) > 0).all() and line.x[0] > 0 for line in curve.lines)


def test_names_and_settings_stand_inside_the_pictures_and_dollars_are_no_mathematics() -> None:
    frame, curves = study(contenders=("gd", "adam"))
    frame["contender"] = frame["contender"].replace("adam", "a$d^{a}m$ <b>")
    for picture in figures.pictures(evidence.summary(frame, curves)):
        texts = [item.get_text() for item in picture.draw().findobj(Text)]
        assert any("64-50-10" in text for text in texts), picture.name
        if picture.contender is None or picture.contender.startswith("a$"):
            assert "a$d^{a}m$ <b>" in texts, picture.name
        assert "adam" not in picture.name
        assert "/" not in picture.name


def test_file_names_are_harmless_and_distinct() -> None:
    frame, curves = study(contenders=("gd", "adam", "rmsprop"), tuning=1, confirm=1, epochs=2)
    frame["contender"] = frame["contender"].replace({"gd": "../x y", "adam": "..\\x/y", "rmsprop": "..%X%Y"})
    names = [picture.name for picture in figures.pictures(evidence.summary(frame, curves))]
    assert len({name.lower() for name in names}) == len(names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-") for name in names)


@pytest.mark.parametrize(
    "shape",
    [
        {"diverge": True},
        {"confirm": 0},
        {"test": False, "validation": False},
        {"lr": (0.01,)},
        {"lr": (0.01,), "l2": (0.0,)},
        {"l2": (0.0,), "l1": (0.0, 1e-3)},
        {"metric": "r2", "problems": ("runge", "franke")},
        {"hyper": {"beta": (0.9, 0.99)}, "l1": (0.0, 1e-3), "l2": (0.0, 1e-3)},
    ],
)
def test_every_study_can_be_drawn_without_a_warning(shape: dict[str, Any]) -> None:
    frame, curves = study(contenders=("gd", "adam"), tuning=2, epochs=4, **shape)
    for picture in figures.pictures(evidence.summary(frame, curves, 0.95)):
        figure = picture.draw()
        assert style.png(figure).startswith(b"\x89PNG")
        assert style.svg(figure, picture.name).count("<svg") == 1


def test_drawing_leaves_the_users_matplotlib_settings_alone() -> None:
    def settings() -> dict[str, Any]:
        return {name: mpl.rcParams[name] for name in mpl.rcParams if name != "backend"}  # reading that one chooses it

    before = settings()
    frame, curves = study(contenders=("gd",), tuning=1, confirm=1, epochs=2)
    for picture in figures.pictures(evidence.summary(frame, curves)):
        style.svg(picture.draw(), picture.name)
    assert settings() == before


def test_the_same_data_give_the_same_svg() -> None:
    frame, curves = study(contenders=("gd",), tuning=1, confirm=1, epochs=2)
    found = evidence.summary(frame, curves)
    first, second = ([style.svg(picture.draw(), picture.name) for picture in figures.pictures(found)] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9754, ".975"),
        (0.0, ".000"),
        (1.0, "1.00"),
        (0.9997, "1.00"),
        (-0.25, "\N{MINUS SIGN}.25"),
        (-2.34, "\N{MINUS SIGN}2.3"),
        (-1e6, "\N{MINUS SIGN}1e6"),
    ],
)
def test_numbers_in_cells_are_short(value: float, text: str) -> None:
    assert labels.cell_text(value) == text


def test_ticks_name_the_hidden_layers() -> None:
    assert labels.tick_labels(("1-1", "1-50-1", "1-50-20-1", "1-100-100-1")) == ["none", "50", "50-20", "2\N{MULTIPLICATION SIGN}100"]


def test_ticks_name_the_decades_of_a_half_decade_grid() -> None:
    assert labels.tick_labels(LEARNING_RATES) == ["10⁻⁴", "", "10⁻³", "", "10⁻²", "", "10⁻¹", "", "1", "", "10"]
    assert labels.tick_labels((0.0, 0.02, 0.5)) == ["0", "0.02", "0.5"]
