"""Training by a schedule equals the same steps done by hand; schedules in a study; what cannot be scheduled."""

from types import SimpleNamespace

import numpy as np
import pytest

import optlab
from optlab import catalogue
from optlab.errors import OptlabError
from optlab.plugin import schedule
from optlab.study.spec import Study
from optlab.timetable import hyper_table
from tests.study.support import tiny
from tests.test_schedules import factors

rng = np.random.default_rng(3)
X = rng.normal(size=(12, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.1
EPOCHS, BATCH = 4, 5


def trained(**given):
    orders = np.stack([np.random.default_rng(k).permutation(12) for k in range(EPOCHS)])
    return optlab.train(
        (X, Y), layers=(), cost="squared_error", output="identity", epochs=EPOCHS, batch_size=BATCH, initial=np.zeros(4),
        orders=orders, **{"optimizer": "momentum", "hyper": {"lr": 0.05, "mu": 0.8}, **given},
    ).parameters  # fmt: skip


def by_hand(rates, momenta):
    """The same training, one step after the other, at these rates and momenta."""
    w, v, step = np.zeros(4), np.zeros(4), 0
    for epoch in range(EPOCHS):
        order = np.random.default_rng(epoch).permutation(12)
        for first in range(0, 12, BATCH):
            rows = order[first : first + BATCH]
            slope = 2 * (X[rows] @ w[:3, None] + w[3] - Y[rows]) / len(rows)
            v = momenta[step] * v + np.append(X[rows].T @ slope, slope.sum())
            w = w - rates[step] * v
            step += 1
    return w


PER_EPOCH = -(-12 // BATCH)
STEPS = EPOCHS * PER_EPOCH


@pytest.mark.parametrize(("unit", "each", "total"), [("epoch", PER_EPOCH, EPOCHS), ("step", 1, STEPS)])
def test_training_follows_the_schedule(unit, each, total):
    name, hyper = "warmup then cosine", {"until": 2, "length": 2, "final": 0.1}
    rates = np.repeat(0.05 * factors(name, total, **hyper), each)
    found = trained(schedule=name, schedule_hyper=hyper, schedule_unit=unit)
    np.testing.assert_allclose(found, by_hand(rates, np.full(STEPS, 0.8)), rtol=1e-12)


def test_training_follows_a_schedule_of_two_hyper_parameters():
    hyper = {"mu.one_cycle.start": 1.0, "mu.one_cycle.peak": 0.5, "mu.one_cycle.final": 1.0}
    found = trained(schedule="one_cycle and mu: one_cycle", schedule_hyper=hyper, schedule_unit="step")
    momenta = 0.8 * factors("one_cycle", STEPS, start=1.0, peak=0.5, final=1.0)
    np.testing.assert_allclose(found, by_hand(0.05 * factors("one_cycle", STEPS), momenta), rtol=1e-12)
    assert not np.allclose(found, by_hand(0.05 * factors("one_cycle", STEPS), np.full(STEPS, 0.8)), rtol=1e-3)


def test_a_schedule_object_is_taken():
    @schedule
    def halving(t, total):
        return 0.5**t

    np.testing.assert_array_equal(trained(schedule=halving), trained(schedule="exponential", schedule_hyper={"factor": 0.5}))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"schedule": "cosine", "schedule_unit": "batch"}, "schedule_unit = 'batch' is not allowed; it must be one of epoch, step"),
        ({"schedule": "beta1: cosine"}, "momentum has no beta1 to schedule; use schedule = 'constant', or one of lr, mu"),
        ({"schedule": "mu: exponential", "schedule_hyper": {"factor": 1.2}}, "makes mu = 1.152 in epoch 3|makes mu = 1.3824 in epoch 4"),
        ({"schedule": "cosine", "schedule_hyper": {"finl": 1}}, "has no hyper-parameter 'finl' \\(did you mean 'final'\\?\\)"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(given, sentence):
    with pytest.raises(OptlabError, match=sentence):
        trained(**given)


def test_a_rate_that_ends_at_zero_is_allowed():
    assert np.isfinite(trained(schedule="linear+linear", schedule_unit="step")).all()
    assert np.isfinite(trained(schedule="warmup", schedule_hyper={"start": 0.0})).all()


def test_the_constant_schedule_needs_one_row():
    settings = SimpleNamespace(hyper=(("lr", 0.1),), schedule="constant", schedule_hyper=(), schedule_unit="step", epochs=9)
    table, period = hyper_table(catalogue().optimizer("gd"), settings, catalogue(), 3)
    assert (table.shape, period) == ((1, 1), 0)


# -- studies ------------------------------------------------------------------------------------------------------------------------


def written(tmp_path, text, overrides=()):
    path = tmp_path / "one.toml"
    path.write_text('problem = "iris"\noptimizer = "momentum"\nseeds = 1\nlr = 0.1\n' + text)
    return [trial.settings for trial in Study.from_file(path, overrides).trials()]


def test_schedules_are_an_axis_with_hyper_parameters_of_their_own(tmp_path):
    found = written(
        tmp_path,
        """schedule = ["warmup+cosine", "linear then linear"]
schedule_unit = ["epoch", "step"]
[hyper."warmup+cosine"]
length = [2, 4]
[hyper."linear then linear"]
linear.1.start = 0.25
linear.2.end = { linear = [0.0, 0.5], points = 2 }
""",
    )
    assert {(one.schedule, one.schedule_unit) for one in found} == {
        (name, unit) for name in ("warmup+cosine", "linear then linear") for unit in ("epoch", "step")
    }
    hyper = [(one.schedule[:6], dict(one.schedule_hyper)) for one in found if one.schedule_unit == "step"]
    assert [values["length"] for name, values in hyper if name == "warmup"] == [2.0, 4.0]
    assert [(values["linear.1.start"], values["linear.2.end"]) for name, values in hyper if name == "linear"] == [(0.25, 0.0), (0.25, 0.5)]


def test_schedules_on_the_command_line(tmp_path):
    overrides = ["schedule=warmup+cosine,mu: cyclic", "hyper.mu: cyclic.low=0.5", "hyper.warmup+cosine.final=0.1"]
    found = written(tmp_path, "", overrides)
    assert [one.schedule for one in found] == ["warmup+cosine", "mu: cyclic"]
    assert dict(found[0].schedule_hyper)["final"] == 0.1 and dict(found[1].schedule_hyper)["low"] == 0.5


def test_the_unit_counts_where_it_is_not_the_epoch(tmp_path):
    digests = {unit: {trial.digest for trial in tiny(schedule="cosine", **given).trials()} for unit, given in UNITS.items()}
    assert digests["none"] == digests["epoch"]
    assert digests["epoch"].isdisjoint(digests["step"])


UNITS = {"none": {}, "epoch": {"schedule_unit": "epoch"}, "step": {"schedule_unit": "step"}}


def test_results_name_the_schedule_and_its_unit(tmp_path):
    results = tiny(schedule="warmup then cosine", schedule_unit="step", optimizer=["gd"], seeds=1, confirm=0).run(tmp_path / "lab.db")
    frame = results.frame()
    assert set(frame["schedule"]) == {"warmup then cosine"} and set(frame["schedule_unit"]) == {"step"}
    assert set(frame["hyper.warmup then cosine.until"]) == {5}


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"schedule": "warmup+cosin"}, "Study: schedule: .*did you mean 'cosine'"),
        ({"schedule": "mu: cosine"}, "schedule: gd has no mu to schedule; use schedule = 'constant', or one of lr"),
        ({"schedule_unit": "batch"}, "schedule_unit: 'batch' is not allowed; it must be one of 'epoch', 'step'"),
        ({"schedule": "cosine", "hyper": {"cosine": {"a": {"b": 1}}}}, "hyper.cosine: there is no hyper-parameter 'a.b'"),
    ],
)
def test_bad_schedules_in_a_study_are_one_sentence(keys, sentence):
    with pytest.raises(OptlabError, match=sentence):
        tiny(optimizer=["gd"], **keys)
