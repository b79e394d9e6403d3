"""Schedules: each, and what `+`, `then` and `and` make of them, equals torch.optim.lr_scheduler's or a closed form."""

import math

import numpy as np
import pytest

from optlab import catalogue

TOTAL = 60
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def factors(name, total=TOTAL, **hyper):
    return catalogue().schedule(name).factors(total, {key.replace("__", "."): value for key, value in hyper.items()})


# -- torch --------------------------------------------------------------------------------------------------------------------------


def torch_rates(make, total, lr=1.0):
    """(learning rate, momentum) of each of `total` epochs under torch's scheduler."""
    torch = pytest.importorskip("torch")
    rule = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=0.9)
    scheduler, rates = make(torch.optim.lr_scheduler, rule), np.zeros((total, 2))
    for epoch in range(total):
        if epoch:
            rule.step()
            scheduler.step()
        rates[epoch] = rule.param_groups[0]["lr"], rule.param_groups[0]["momentum"]
    return rates.T


def annealed(kind, **given):
    """A maker of torch's scheduler of this name."""
    return lambda schedulers, rule: getattr(schedulers, kind)(rule, **given)


ONE_CYCLE = {"max_lr": 1.0, "total_steps": TOTAL, "cycle_momentum": False}
CYCLIC = {"base_lr": 0.25, "max_lr": 1.0, "cycle_momentum": False}
TWINS = [
    ("constant", {}, annealed("ConstantLR", factor=1.0)),
    ("warmup", {"shape": "constant"}, annealed("ConstantLR")),
    ("warmup", {"shape": "constant", "start": 0.02, "length": 17}, annealed("ConstantLR", factor=0.02, total_iters=17)),
    ("warmup", {}, annealed("LinearLR")),
    ("warmup", {"start": 1e-3, "length": 1}, annealed("LinearLR", start_factor=1e-3, total_iters=1)),
    ("warmup", {"start": 0.1, "length": 100}, annealed("LinearLR", start_factor=0.1, total_iters=100)),
    ("linear", {}, annealed("LinearLR", start_factor=1.0, end_factor=0.0, total_iters=TOTAL)),
    ("linear", {"start": 0.7, "end": 0.05, "length": 40}, annealed("LinearLR", start_factor=0.7, end_factor=0.05, total_iters=40)),
    ("linear", {"start": 0.2, "end": 0.9, "length": 7}, annealed("LinearLR", start_factor=0.2, end_factor=0.9, total_iters=7)),
    ("exponential", {}, annealed("ExponentialLR", gamma=0.95)),
    ("exponential", {"factor": 0.3}, annealed("ExponentialLR", gamma=0.3)),
    ("exponential", {"factor": 1.1}, annealed("ExponentialLR", gamma=1.1)),
    ("polynomial", {}, annealed("PolynomialLR", total_iters=TOTAL)),
    ("polynomial", {"power": 0.9, "length": 35}, annealed("PolynomialLR", total_iters=35, power=0.9)),
    ("polynomial", {"power": 3.0, "length": 80}, annealed("PolynomialLR", total_iters=80, power=3.0)),
    ("step", {}, annealed("StepLR", step_size=10)),
    ("step", {"every": 7, "factor": 0.6}, annealed("StepLR", step_size=7, gamma=0.6)),
    ("step", {"every": 1, "factor": 0.9}, annealed("StepLR", step_size=1, gamma=0.9)),
    ("multistep", {}, annealed("MultiStepLR", milestones=[30, 60, 80])),
    ("multistep", {"first": 40, "second": 5, "third": 12, "factor": 0.5}, annealed("MultiStepLR", milestones=[5, 12, 40], gamma=0.5)),
    ("multistep", {"first": 20, "second": 20, "third": 1e9}, annealed("MultiStepLR", milestones=[20, 20])),
    ("cosine", {}, annealed("CosineAnnealingLR", T_max=TOTAL)),
    ("cosine", {"final": 0.1}, annealed("CosineAnnealingLR", T_max=TOTAL, eta_min=0.1)),
    ("cosine_restarts", {}, annealed("CosineAnnealingWarmRestarts", T_0=10)),
    ("cosine_restarts", {"period": 7, "final": 0.2}, annealed("CosineAnnealingWarmRestarts", T_0=7, eta_min=0.2)),
    ("cosine_restarts", {"period": 3, "growth": 2}, annealed("CosineAnnealingWarmRestarts", T_0=3, T_mult=2)),
    ("cosine_restarts", {"period": 1, "growth": 3, "final": 0.01}, annealed("CosineAnnealingWarmRestarts", T_0=1, T_mult=3, eta_min=0.01)),
    ("one_cycle", {}, annealed("OneCycleLR", **ONE_CYCLE)),
    ("one_cycle", {"shape": "linear", "rise": 0.45}, annealed("OneCycleLR", anneal_strategy="linear", pct_start=0.45, **ONE_CYCLE)),
    ("one_cycle", {"three_phase": True}, annealed("OneCycleLR", three_phase=True, **ONE_CYCLE)),
    (
        "one_cycle",
        {"three_phase": True, "shape": "linear", "rise": 0.21, "start": 0.1, "final": 0.005},
        annealed("OneCycleLR", three_phase=True, anneal_strategy="linear", pct_start=0.21, div_factor=10, final_div_factor=20, **ONE_CYCLE),
    ),
    ("one_cycle", {"three_phase": True, "rise": 0.8}, annealed("OneCycleLR", three_phase=True, pct_start=0.8, **ONE_CYCLE)),
    ("one_cycle", {"rise": 0.0}, annealed("OneCycleLR", pct_start=0.0, **ONE_CYCLE)),
    ("one_cycle", {"rise": 1.0}, annealed("OneCycleLR", pct_start=1.0, **ONE_CYCLE)),
    ("cyclic", {}, annealed("CyclicLR", step_size_up=10, **CYCLIC)),
    ("cyclic", {"up": 4, "down": 9}, annealed("CyclicLR", step_size_up=4, step_size_down=9, **CYCLIC)),
    (
        "cyclic",
        {"shape": "triangular2", "up": 5, "down": 3},
        annealed("CyclicLR", step_size_up=5, step_size_down=3, mode="triangular2", **CYCLIC),
    ),
    ("cyclic", {"shape": "exp_range", "gamma": 0.97}, annealed("CyclicLR", step_size_up=10, mode="exp_range", gamma=0.97, **CYCLIC)),
    ("cyclic", {"low": 0.0, "up": 1, "down": 1}, annealed("CyclicLR", **(CYCLIC | {"base_lr": 0.0}), step_size_up=1)),
    ("inverse_square_root", {"warmup": 8}, lambda s, rule: s.LambdaLR(rule, lambda k: min((k + 1) ** -0.5, (k + 1) * 8**-1.5) * 8**0.5)),
    ("hyperbolic", {"t0": 3, "t1": 9}, lambda s, rule: s.LambdaLR(rule, lambda k: 3 / (k + 9))),
    ("inverse_scaling", {"power": 0.7}, lambda s, rule: s.LambdaLR(rule, lambda k: (k + 1) ** -0.7)),
    ("inverse_scaling", {"power": 0.5, "scale": 150.0}, lambda s, rule: s.LambdaLR(rule, lambda k: (150 * k + 1) ** -0.5)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "hyper", "make"), TWINS, ids=lambda value: str(value) if isinstance(value, (str, dict)) else "")
def test_equals_torch(name, hyper, make):
    np.testing.assert_allclose(factors(name, **hyper), torch_rates(make, TOTAL)[0], **CLOSE)


def test_every_schedule_is_compared_or_has_its_closed_form_here():
    assert set(catalogue()["schedules"]) == {name for name, *_ in TWINS} | {"warmup_stable_decay"}


SEQUENCES = [
    (
        "warmup_stable_decay",
        {"warmup": 0.1, "decay": 0.25, "start": 0.2, "final": 0.05},
        [("LinearLR", {"start_factor": 0.2, "total_iters": 6}), ("ConstantLR", {"factor": 1.0}),
         ("LinearLR", {"start_factor": 1.0, "end_factor": 0.05, "total_iters": 15})],
        [6, 45],
    ),
    (
        "warmup then cosine",
        {"until": 8, "length": 8},
        [("LinearLR", {"total_iters": 8}), ("CosineAnnealingLR", {"T_max": 52})],
        [8],
    ),
    (
        "linear then constant then exponential",
        {"linear__until": 6, "start": 0.2, "end": 1.0, "constant__until": 30, "factor": 0.8},
        [("LinearLR", {"start_factor": 0.2, "total_iters": 6}), ("ConstantLR", {"factor": 1.0}), ("ExponentialLR", {"gamma": 0.8})],
        [6, 30],
    ),
    (
        "linear then linear",
        {"until": 10, "linear__1__start": 0.5, "linear__1__end": 1.0, "linear__2__end": 0.3},
        [("LinearLR", {"start_factor": 0.5, "total_iters": 10}), ("LinearLR", {"start_factor": 1.0, "end_factor": 0.3, "total_iters": 50})],
        [10],
    ),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step()`")
@pytest.mark.parametrize(("name", "hyper", "parts", "milestones"), SEQUENCES, ids=[name for name, *_ in SEQUENCES])
def test_then_equals_torch_sequential(name, hyper, parts, milestones):
    def make(schedulers, rule):
        return schedulers.SequentialLR(rule, [getattr(schedulers, kind)(rule, **given) for kind, given in parts], milestones)

    np.testing.assert_allclose(factors(name, **hyper), torch_rates(make, TOTAL)[0], **CLOSE)


def test_plus_equals_torch_chained():
    def make(schedulers, rule):
        parts = [schedulers.LinearLR(rule, total_iters=9), schedulers.StepLR(rule, 20, 0.3), schedulers.ExponentialLR(rule, 0.97)]
        return schedulers.ChainedScheduler(parts)

    found = factors("warmup+step+exponential", length=9, every=20, step__factor=0.3, exponential__factor=0.97)
    np.testing.assert_allclose(found, torch_rates(make, TOTAL)[0], **CLOSE)


@pytest.mark.parametrize("three_phase", [False, True])
def test_one_cycle_of_the_momentum_equals_torch(three_phase):
    hyper = {
        "mu.one_cycle.start": 1.0,
        "mu.one_cycle.peak": 0.85 / 0.95,
        "mu.one_cycle.final": 1.0,
        "mu.one_cycle.three_phase": three_phase,
    }
    found = catalogue().schedule("one_cycle and mu: one_cycle").by_target(TOTAL, hyper | {"lr.one_cycle.three_phase": three_phase})
    lr, mu = torch_rates(annealed("OneCycleLR", max_lr=0.3, total_steps=TOTAL, three_phase=three_phase), TOTAL)
    np.testing.assert_allclose(0.3 * found["lr"], lr, **CLOSE)
    np.testing.assert_allclose(0.95 * found["mu"], mu, **CLOSE)


def test_a_cyclic_momentum_equals_torch():
    hyper = {"mu.cyclic.low": 1.0, "mu.cyclic.high": 0.8 / 0.9, "mu.cyclic.shape": "triangular2", "lr.cyclic.shape": "triangular2"}
    found = catalogue().schedule("cyclic and mu: cyclic").by_target(TOTAL, hyper)
    lr, mu = torch_rates(annealed("CyclicLR", base_lr=0.25, max_lr=1.0, step_size_up=10, mode="triangular2"), TOTAL)
    np.testing.assert_allclose(found["lr"], lr, **CLOSE)
    np.testing.assert_allclose(0.9 * found["mu"], mu, **CLOSE)


# -- closed forms -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hyper", "expected"),
    [
        ("warmup", {"length": 2, "start": 0.5}, [0.5, 0.75, 1, 1]),
        ("linear", {}, [1, 3 / 4, 1 / 2, 1 / 4]),
        ("polynomial", {"power": 2, "final": 0.2}, [1, 0.2 + 0.8 * 9 / 16, 0.4, 0.25]),
        ("multistep", {"first": 1, "second": 3, "third": 9}, [1, 0.1, 0.1, 0.01]),
        ("cosine_restarts", {"period": 1, "growth": 2, "final": 0.5}, [1, 1, 0.75, 1]),
        ("inverse_square_root", {"warmup": 2}, [0.5, 1, math.sqrt(2 / 3), math.sqrt(1 / 2)]),
        ("warmup_stable_decay", {"warmup": 0.25, "decay": 0.5, "shape": "sqrt"}, [0, 1, 1, 1 - math.sqrt(0.5)]),
        ("warmup_stable_decay", {"warmup": 0.0, "decay": 1.0, "shape": "cosine"}, [1, (2 + math.sqrt(2)) / 4, 0.5, (2 - math.sqrt(2)) / 4]),
        ("warmup_stable_decay", {"warmup": 1.0, "decay": 0.0}, [0, 0.25, 0.5, 0.75]),
        ("cyclic", {"low": 0.5, "up": 2, "down": 2, "shape": "triangular2"}, [0.5, 0.75, 1, 0.75]),
        ("one_cycle", {"start": 0.2, "final": 0.1, "rise": 0.5, "shape": "linear"}, [0.2, 1, 0.55, 0.1]),
    ],
)  # fmt: skip
def test_closed_forms(name, hyper, expected):
    np.testing.assert_allclose(factors(name, 4, **hyper), expected, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", sorted(catalogue()["schedules"]))
@pytest.mark.parametrize("total", [1, 2, 3, 1000])
def test_every_schedule_has_finite_factors_for_runs_of_any_length(name, total):
    found = factors(name, total)
    assert found.shape == (total,) and found.dtype == np.float64
    assert np.isfinite(found).all() and (found >= 0).all()
