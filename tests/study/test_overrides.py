"""--set changes exactly the key it names, and reads values as TOML or as plain words."""

from typing import Any

import pytest

from optlab.errors import OptlabError
from optlab.study import schema
from optlab.study.overrides import apply_overrides, parse_value

BASE = {"optimizer": ["gd", "adam"], "lr": {"log": [1e-2, 1], "points": 3}, "epochs": 5}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6", 6),
        ("1e-3", 1e-3),
        ("true", True),
        ("[0, 0.9]", [0, 0.9]),
        ("{log = [1e-4, 1], points = 5}", {"log": [1e-4, 1], "points": 5}),
        ('"full"', "full"),
        ("full", "full"),
        ("adam,gd", ["adam", "gd"]),
        ("1e-3, 1e-2", [1e-3, 1e-2]),
        ("mine-raw", "mine-raw"),
        ("1\nseeds = 2", "1\nseeds = 2"),  # no second key by way of a value
    ],
)
def test_values(text: str, value: Any) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("epochs=6", "epochs", 6),
        ("optimizer=adam", "optimizer", "adam"),
        ("optimizer+=mine", "optimizer", ["gd", "adam", "mine"]),
        ("optimizer+=adam", "optimizer", ["gd", "adam"]),
        ("optimizer += a,b", "optimizer", ["gd", "adam", "a", "b"]),
        ("lr+=10", "lr", [0.01, 0.1, 1.0, 10]),
        ("l2+=0.1", "l2", [0.0, 0.1]),
        ("seeds=[1]", "seeds", [1]),
        ("hyper.mine.beta=[0, 0.9]", "hyper", {"mine": {"beta": [0, 0.9]}}),
    ],
)
def test_an_override_changes_one_key(override: str, key: str, value: Any) -> None:
    changed = apply_overrides(BASE, [override], schema.defaults())
    assert changed == {**BASE, key: value}
    assert BASE["optimizer"] == ["gd", "adam"]  # the original is untouched


def test_overrides_apply_in_turn() -> None:
    assert apply_overrides(BASE, ["optimizer=gd", "optimizer+=mine"])["optimizer"] == ["gd", "mine"]


@pytest.mark.parametrize("override", ["epochs", "=3", "epochs=", "a..b=3", "epochs.x=3"])
def test_what_is_no_override_is_refused_in_one_sentence(override: str) -> None:
    with pytest.raises(OptlabError, match="^--set ") as caught:
        apply_overrides(BASE, [override])
    assert "\n" not in str(caught.value)
