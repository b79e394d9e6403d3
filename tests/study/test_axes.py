"""Grids hold the numbers one would write by hand; malformed ones say what is wrong."""

import math

import numpy as np
import pytest

import optlab
from optlab.errors import OptlabError
from optlab.study import axes


def test_a_log_grid_holds_decimal_looking_floats() -> None:
    grid = axes.grid(optlab.log(1e-4, 10, 11))
    assert grid[::2] == [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0]
    np.testing.assert_allclose(grid, np.logspace(-4, 1, 11), rtol=1e-11)


@pytest.mark.parametrize("points", [2, 3, 7, 26])
def test_a_linear_grid_is_even_and_includes_both_ends(points: int) -> None:
    grid = axes.grid(optlab.linear(0.1, 0.9, points))
    assert (grid[0], grid[-1], len(grid)) == (0.1, 0.9, points)
    np.testing.assert_allclose(np.diff(grid), 0.8 / (points - 1), rtol=1e-9)


def test_a_grid_may_run_downwards() -> None:
    assert axes.grid(optlab.log(1, 1e-2, 3)) == [1.0, 0.1, 0.01]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"log": [0, 1], "points": 3}, "above 0"),
        ({"log": [1, 10]}, "whole number"),
        ({"log": [1, 10], "points": 1}, "whole number"),
        ({"log": [1, 10], "points": 2.5}, "whole number"),
        ({"log": [1], "points": 3}, "two finite numbers"),
        ({"linear": [0, math.nan], "points": 3}, "two finite numbers"),
        ({"linear": [0, 1], "points": 3, "step": 1}, "'step'"),
    ],
)
def test_a_malformed_grid_says_what_is_wrong(table: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        axes.values(table)


def test_python_grids_refuse_the_same() -> None:
    with pytest.raises(OptlabError, match="above 0"):
        optlab.log(-1, 1, 3)


def test_one_value_is_an_axis_of_one_and_repeats_are_refused() -> None:
    assert axes.values(3) == [3]
    assert axes.values([1, True, 1.0]) == [1, True, 1.0]  # of different types, so no repeats
    with pytest.raises(ValueError, match="listed twice"):
        axes.values(["a", "a"])
    with pytest.raises(ValueError, match="at least one"):
        axes.values([])


def test_values_of_a_long_axis_are_compared_with_few_others() -> None:
    compared = 0

    class Named:
        def __init__(self, number: int) -> None:
            self.number = number

        def __hash__(self) -> int:
            return self.number

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return isinstance(other, Named) and self.number == other.number

    names = [Named(k) for k in range(2000)]
    assert axes.values(names) == names
    assert compared <= 3 * len(names)  # 2 million each with each


@pytest.mark.parametrize("twice", [[1, 2, 1], [[50], [20], [50]], ["a", "b", "b"], [0.1, 1, 0.1]])
def test_a_value_twice_is_refused(twice: list[object]) -> None:
    with pytest.raises(ValueError, match="is listed twice"):
        axes.values(twice)


def test_equal_values_of_different_kinds_are_two() -> None:
    assert axes.values([1, 1.0, True]) == [1, 1.0, True]
