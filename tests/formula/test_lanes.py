"""Row-wise array code over many rows at once: which code, and that every row gets what its author wrote."""

import numpy as np
import pytest

from optlab import catalogue
from optlab.formula import lanes
from optlab.formula.compile import compile_row_cost
from optlab.formula.elementary import exp, log, maximum
from tests.formula.calling import block, call

BOUND = 0.5
value = 3.0


def every_form(y, t, gradient, *, share=0.25, kind="sum"):
    """Uniform and varying names, both kinds of condition, powers, columns from the end, a triangular loop, a late-varying name."""
    last = 0.0
    keep, columns_of = 1 - share, len(y)
    total = 0.0
    for k in range(y.size):
        gradient[k] = exp(y[k]) * keep + last
        last = t[k]
        if y[k] > BOUND:
            gradient[k] += (y[k] - BOUND) ** 2
            side = 1.0
        elif y[k] < -BOUND and t[k] > 0:
            gradient[k] -= 2 * y[k]
            side = -1.0
        else:
            side = 0.0
        total += side * k / columns_of
        total += float(t[-1]) * y[k - 1]  # the last column where k is 0
        for j in range(k, y.shape[0]):
            total += y[k] * y[j]
    if kind == "sum":
        for k in range(columns_of):
            total += maximum(0, log(gradient[k] * gradient[k] + 1))
    else:
        total = -total
    return total + last


def whole_arrays(y, t, gradient):
    gradient[:] = y
    return np.sum(y)


def early_return(y, t, gradient):
    if y[0] > 0:
        return y[0]
    gradient[0] = 1.0
    return t[0]


def index_that_varies(y, t, gradient):
    best = 0
    for k in range(1, y.size):
        if y[k] > y[best]:
            best = k
    gradient[best] = 1.0
    return y[best]


def while_loop(y, t, gradient):
    k = 0
    while k < y.size:
        gradient[k] = y[k]
        k += 1
    return y[0]


def own_name(y, t, gradient):
    lane = y[0]
    gradient[0] = lane
    return lane


def name_of_the_module(y, t, gradient):
    gradient[0] = value
    return y[0]


def part_of_a_row(y, t, gradient):
    gradient[0] = y[1:3].sum()
    return y[0]


def loop_name_that_varies(y, t, gradient):
    for k in range(y.size):
        gradient[k] = y[k]
        k = y[k]
    return k


def data(rows, columns, dtype):
    rng = np.random.default_rng(rows)
    return rng.normal(0, 2, (rows, columns)).astype(dtype), rng.normal(0, 1, (rows, columns)).astype(dtype)


@pytest.mark.parametrize("rows", [1, lanes.LANES - 1, lanes.LANES, lanes.LANES + 1, 3 * lanes.LANES + 5])
@pytest.mark.parametrize(("dtype", "rel"), [("float32", 2e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("kind", ["sum", "other"])
def test_rows_get_what_the_author_wrote(rows, dtype, rel, kind):
    assert lanes.expanded(every_form) is not None
    made = compile_row_cost("every_form", every_form, dtype, options={"kind": kind})
    y, t = data(rows, 3, dtype)
    wanted, slopes = 0.0, np.empty((rows, 3))
    for k in range(rows):
        wanted += every_form(y[k].astype(float), t[k].astype(float), slopes[k], kind=kind)  # the same code, run by Python
    d = np.empty_like(y)
    assert call(made.module.value, y, t, rows, 3, block(0.25)) == pytest.approx(wanted, rel=rel, abs=rel)
    assert call(made.module.value_gradient, y, t, d, rows, 3, block(0.25), 0.5) == pytest.approx(wanted, rel=rel, abs=rel)
    np.testing.assert_allclose(d, 0.5 * slopes, rtol=rel, atol=rel)


@pytest.mark.parametrize(
    "function",
    [whole_arrays, early_return, index_that_varies, while_loop, own_name, name_of_the_module, part_of_a_row, loop_name_that_varies],
)
def test_other_code_runs_row_by_row(function):
    assert lanes.expanded(function) is None
    made = compile_row_cost(function.__name__, function, "float64")
    y, t = data(5, 4, "float64")
    wanted = sum(function(outputs, targets, np.empty(4)) for outputs, targets in zip(y, t, strict=True))
    assert call(made.module.value, y, t, 5, 4, block()) == pytest.approx(wanted)


def test_code_without_source_runs_row_by_row():
    names = {}
    exec("def f(y, t, gradient):\n    gradient[0] = t[0]\n    return y[0]\n", names)
    assert lanes.expanded(names["f"]) is None


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "kl_divergence"])
def test_built_in_row_costs_are_rewritten(name):
    assert lanes.expanded(catalogue().cost(name).function) is not None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["softmax_cross_entropy", "kl_divergence"])
def test_a_row_has_the_same_bits_in_every_lane_and_in_any_company(name, dtype):
    made = catalogue().cost(name).compiled(dtype)
    y, t = data(1, 10, dtype)
    t = np.abs(t)
    alone, many = np.empty_like(y), np.empty((75, 10), dtype)
    hyper = block(0.1)
    cost = call(made.module.value_gradient, y, t, alone, 1, 10, hyper, 1.0)
    others = data(75, 10, dtype)[0]
    for place in (0, 13, lanes.LANES - 1, lanes.LANES, 74):
        outputs, targets = others.copy(), np.abs(others)
        outputs[place], targets[place] = y, t
        call(made.module.value_gradient, outputs, targets, many, 75, 10, hyper, 1.0)
        assert many[place].tobytes() == alone.tobytes()
    assert call(made.module.value, np.repeat(y, 4, 0), np.repeat(t, 4, 0), 4, 10, hyper) == 4 * cost


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_that_is_not_finite_spoils_the_sum_and_itself_alone(bad):
    made = catalogue().cost("softmax_cross_entropy").compiled("float32")
    y, t = data(40, 5, "float32")
    y[7, 3] = bad
    d = np.empty_like(y)
    assert np.isnan(call(made.module.value_gradient, y, t, d, 40, 5, block(0.0), 1.0))
    assert np.isfinite(np.delete(d, 7, 0)).all()
    assert np.isnan(d[7]).any()
