"""Diagnoses of the chosen cells: medians over runs, layer by layer, and the signs of trouble that they show."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optlab import evidence
from optlab.evidence import diagnoses
from tests.evidence.synthetic import study

SMALL: dict[str, Any] = {"contenders": ("gd", "adam"), "lr": (0.01, 0.1), "l2": (0.0,), "tuning": 2, "confirm": 5, "epochs": 3}
HEALTHY: dict[str, Any] = {
    "rows": 100, "gradient_norm": [0.02, 0.03], "update_ratio": [1e-3, 2e-3], "dead_units": [0], "units": [50],
    "zero_weights": [0, 0], "weights": [3200, 500], "sharpness": 4.0, "same": True,
}  # fmt: skip


def rows(*told: dict[str, Any], optimizer: str = "adam", lr: float = 0.1) -> pd.DataFrame:
    """Runs of one contender at its chosen cell, as `rank.replicates` gives them."""
    texts = [json.dumps(HEALTHY | one) for one in told]
    about = {"problem": "p", "contender": "c", "optimizer": optimizer, "lr": lr, "evidence": "confirmed"}
    return pd.DataFrame([about | {"diagnosis": text} for text in texts])


def test_numbers_are_the_medians_of_the_confirmed_runs_of_the_chosen_cells() -> None:
    frame, curves = study(**SMALL)
    rng = np.random.default_rng(0)
    norms = rng.lognormal(size=(len(frame), 2))
    frame["diagnosis"] = [json.dumps(HEALTHY | {"gradient_norm": list(pair)}) for pair in norms]
    found = evidence.summary(frame, curves)
    cell = found.chosen.loc[("digits", "adam"), "cell"]
    own = (frame["cell"].eq(cell) & frame["contender"].eq("adam") & frame["phase"].eq("confirmation")).to_numpy()
    table = found.diagnoses[found.diagnoses["contender"].eq("adam") & found.diagnoses["quantity"].eq("gradient norm")]
    assert own.sum() == 5 and table["n"].tolist() == [5, 5] and table["layer"].tolist() == [1, 2]
    for place, row in enumerate(table.itertuples()):
        values = norms[own, place]
        assert (row.median, row.low, row.high) == pytest.approx((np.median(values), values.min(), values.max()))


def test_without_diagnoses_there_are_none() -> None:
    frame, curves = study(**SMALL)
    assert evidence.summary(frame, curves).diagnoses.empty
    frame["diagnosis"] = None
    assert evidence.summary(frame, curves).diagnoses.empty


def test_shares_are_of_each_layer_and_missing_numbers_are_left_out() -> None:
    table = diagnoses.diagnoses(
        rows({"dead_units": [5], "update_ratio": None, "sharpness": None}, {"dead_units": [10], "zero_weights": [320, 0]})
    )
    medians = table.set_index(["quantity", "layer"])["median"]
    assert medians["dead units", 1] == pytest.approx(0.15)
    assert medians["zero weights", 1] == pytest.approx(0.05)
    counts = table.groupby("quantity")["n"].max()
    assert counts["update / weights"] == counts["sharpness"] == 1


@pytest.mark.parametrize(
    ("told", "sign"),
    [
        ({"gradient_norm": [1e-6, 0.01]}, "gradients vanish: that of layer 1 is 1/10,000 of the last one's"),
        ({"gradient_norm": [50.0, 0.01]}, "gradients explode: that of layer 1 is 5,000 times the last one's"),
        ({"update_ratio": [1e-8, 2e-8]}, "it no longer moves: the last update is 2e-8 of the weights at most"),
        ({"update_ratio": [0.01, 0.3]}, "it does not settle: the last update is 30 % of the weights of layer 2"),
        ({"dead_units": [20]}, "40 % of the units of layer 1 are dead"),
        ({"zero_weights": [0, 310]}, "62 % of the weights of layer 2 are exactly 0"),
        ({"sharpness": -0.1}, "no direction curves upwards: this is no minimum"),
    ],
)
def test_each_sign_is_told_with_its_number_and_alone(told: dict[str, Any], sign: str) -> None:
    assert diagnoses.signs(diagnoses.diagnoses(rows(told, told, told))) == [sign]
    assert diagnoses.signs(diagnoses.diagnoses(rows({}, {}, {}))) == []


def test_only_gradient_descent_is_held_against_its_sharpness() -> None:
    sharp = {"sharpness": 30.0}
    said = diagnoses.signs(diagnoses.diagnoses(rows(sharp, optimizer="gd", lr=0.1)))
    assert said == ["learning rate \N{MULTIPLICATION SIGN} sharpness is 3: beyond 2 gradient descent does not settle"]
    assert diagnoses.signs(diagnoses.diagnoses(rows(sharp, optimizer="gd", lr=0.05))) == []
    assert diagnoses.signs(diagnoses.diagnoses(rows(sharp, optimizer="adam", lr=0.1))) == []
