"""Schedules together: `+`, `then` and `and`, what their hyper-parameters are called, and one sentence for each mistake."""

import numpy as np
import pytest

from optlab import catalogue
from optlab.errors import OptlabError
from optlab.plugin import NonNegative, schedule
from tests.test_schedules import factors


def test_one_schedule_by_another_spelling_is_itself():
    found = catalogue()
    assert found.schedule("lr: cosine") is found.schedule("cosine")
    assert found.schedule(" warmup +cosine  then\tstep").name == "warmup+cosine then step"
    assert found.schedule("cosine and mu:cyclic").name == "cosine and mu: cyclic"


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("warmup+cosine", {"length", "start", "shape", "final"}),
        ("step+exponential", {"every", "step.factor", "exponential.factor"}),
        ("step+step", {"step.1.every", "step.1.factor", "step.2.every", "step.2.factor"}),
        ("warmup then cosine", {"length", "start", "shape", "final", "until"}),
        ("constant then cosine then step", {"constant.until", "cosine.until", "final", "every", "factor"}),
        ("cosine and mu: cosine", {"lr.cosine.final", "mu.cosine.final"}),
        ("mu: step+step and cosine", {"step.1.every", "step.1.factor", "step.2.every", "step.2.factor", "final"}),
    ],
)
def test_hyper_parameters_are_those_of_the_parts(name, names):
    assert set(catalogue().schedule(name).hyper) == names


def test_each_part_gets_its_own_hyper_parameters():
    found = factors("step+step", step__1__every=2, step__1__factor=0.5, step__2__every=3, step__2__factor=0.1)
    np.testing.assert_allclose(found, factors("step", every=2, factor=0.5) * factors("step", every=3, factor=0.1), rtol=1e-15)


def test_the_last_part_counts_what_is_left():
    np.testing.assert_array_equal(factors("constant then linear", 10, until=6), [*[1.0] * 6, 1.0, 0.75, 0.5, 0.25])


def test_a_run_may_end_before_a_part_begins():
    np.testing.assert_array_equal(factors("constant then linear", 3, until=6), [1.0, 1.0, 1.0])


def test_digests_tell_compositions_apart():
    texts = ["warmup", "cosine", "warmup+cosine", "warmup then cosine", "warmup and mu: cosine", "mu: cosine", "warmup then cosine+step"]
    digests = [catalogue().schedule(text).digest() for text in texts]
    assert len(set(digests)) == len(texts)
    assert digests[2] == catalogue().schedule("warmup + cosine").digest()
    shaped = catalogue().schedule("warmup+cosine")
    assert shaped.digest({"shape": "constant"}) != shaped.digest({"shape": "linear"}) == digests[2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("warmup+cosin", "no schedule called 'cosin' \\(did you mean 'cosine'\\?\\)"),
        ("warmup cosine", "'warmup cosine' is no name of a schedule; write for example 'warmup\\+cosine'"),
        ("warmup+", "'' is no name of a schedule"),
        ("then cosine", "'' is no name of a schedule"),
        ("cosine and lr: step", "changes lr twice"),
        ("mu:", "'' is no name of a schedule"),
        ("mu: lr: cosine", "'lr: cosine' is no name of a schedule"),
    ],
)
def test_bad_notation_is_one_sentence(text, sentence):
    with pytest.raises(OptlabError, match=sentence):
        catalogue().schedule(text)


def test_parts_in_the_wrong_order_are_refused():
    with pytest.raises(OptlabError, match="cosine.until = 4 lies before its part begins; give more than 20"):
        factors("constant then cosine then step", constant__until=20, cosine__until=4)


def test_a_part_with_an_until_of_its_own_is_refused_where_names_clash():
    @schedule
    def bounded(t, total, *, until: NonNegative = 3.0):
        return np.where(t < until, 1.0, 0.5)

    with pytest.raises(OptlabError, match="bounded has a hyper-parameter 'until' of its own"):
        catalogue().including([bounded]).schedule("bounded then cosine")
    assert set(catalogue().including([bounded]).schedule("bounded+cosine").hyper) == {"until", "final"}


def test_factors_of_several_hyper_parameters_are_asked_for_by_name():
    with pytest.raises(OptlabError, match="changes lr and mu; ask for its factors by_target"):
        factors("cosine and mu: cosine")


def test_a_schedule_of_the_wrong_shape_is_refused():
    @schedule
    def short(t, total):
        return t[:-1]

    with pytest.raises(OptlabError, match="schedule short returned shape \\(3,\\) for t of shape \\(4,\\)"):
        short.factors(4)
