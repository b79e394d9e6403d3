"""Records of DeepOBS become rows of a study: both forms of its format, bad files, and choosing among them."""

import json

import numpy as np
import pandas as pd
import pytest

from optlab import published
from optlab.errors import OptlabError
from optlab.evidence import select


def record(lr, seed, final, optimizer="MomentumOptimizer", **more):
    """A record of DeepOBS 1.1, two epochs long."""
    losses = [3.0, 2.0, final]
    return {
        "train_losses": losses, "test_losses": losses, "minibatch_train_losses": [3.0] * 14, "optimizer": optimizer,
        "testproblem": "quadratic_deep", "weight_decay": None, "batch_size": 128, "num_epochs": 2, "learning_rate": lr,
        "lr_sched_epochs": None, "lr_sched_factors": None, "random_seed": seed, "train_log_interval": 1,
        "hyperparams": {"momentum": 0.99, "use_nesterov": False}, **more,
    }  # fmt: skip


def newer(lr, seed, accuracy):
    """A record of DeepOBS 1.2."""
    return {
        "train_losses": [2.0, 1.0], "valid_losses": [2.0, 1.1], "test_losses": [2.0, 1.2], "train_accuracies": [0.1, accuracy],
        "valid_accuracies": [0.1, accuracy - 0.1], "test_accuracies": [0.1, accuracy - 0.2], "minibatch_train_losses": [2.0] * 5,
        "optimizer_name": "SGD", "optimizer_hyperparams": {"lr": lr, "momentum": 0.9}, "testproblem": "mnist_mlp", "batch_size": 64,
        "num_epochs": 1, "random_seed": seed, "l2_reg": 5e-4,
    }  # fmt: skip


def test_a_folder_of_records(tmp_path):
    (tmp_path / "deep").mkdir()
    for k, one in enumerate([record(0.1, 42, 1.5), record(0.2, 42, float("nan")), record(0.1, 43, 1.4), newer(0.01, 42, 0.9)]):
        (tmp_path / "deep" / f"random_seed__{k}.json").write_text(json.dumps(one))
    frame, curves = published.read(tmp_path)
    assert list(frame["contender"]) == ["MomentumOptimizer (DeepOBS)"] * 3 + ["SGD (DeepOBS)"]
    assert list(frame["lr"]) == [0.1, 0.2, 0.1, 0.01]
    assert list(frame["phase"]) == ["tuning", "tuning", "confirmation", "tuning"]
    assert list(frame["replicate"]) == [42, 42, 43, 42]
    assert list(frame["status"]) == ["done", "diverged", "done", "done"]
    assert frame["sentence"][1] == "diverged: not finite from epoch 2 on"
    assert frame["cell"].nunique() == 3 and frame["digest"].nunique() == 4
    assert list(frame["metric"]) == ["negated loss"] * 3 + ["accuracy"]
    assert frame["test_metric"].iloc[[0, 3]].tolist() == pytest.approx([-1.5, 0.7])
    assert frame["validation_metric"].iloc[3] == pytest.approx(0.8) and np.isnan(frame["validation_metric"].iloc[0])
    assert frame["hyper.momentum"].tolist() == [0.99, 0.99, 0.99, 0.9] and frame["l2"].iloc[3] == 5e-4
    assert frame["steps"].tolist() == pytest.approx([14, 14, 14, np.nan], nan_ok=True)  # 1.2 does not say which mini-batches it logged
    assert curves.groupby("digest", sort=False).size().tolist() == [3, 3, 3, 2]


def test_choices_are_made_on_tuning_seeds_and_never_fall_on_what_diverged():
    finals = {0.1: 1.5, 0.2: 1.2, 0.4: float("nan")}
    records = [record(lr, 42, final) for lr, final in finals.items()] + [record(0.2, seed, 1.3) for seed in range(43, 52)]
    frame, _ = published.frames(records)
    chosen = select.choose(frame)
    assert chosen["lr"].tolist() == [0.2]
    assert frame["phase"].eq("confirmation").sum() == 9


def test_settings_that_share_all_seeds_all_tune():
    frame, _ = published.frames([record(lr, seed, 1.0) for lr in (0.1, 0.2) for seed in (42, 43)])
    assert frame["phase"].eq("tuning").all()


def test_accuracies_of_nothing_are_none():
    """DeepOBS 1.2 writes zeros for problems without classes."""
    frame, _ = published.frames([record(0.1, 42, 1.0, test_accuracies=[0.0] * 3, train_accuracies=[0.0] * 3)])
    assert frame["metric"][0] == "negated loss" and frame["test_metric"][0] == -1.0


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "cannot be read"), ("[1]", "is no DeepOBS run record"), ("{}", "it has no testproblem"), ("3", "is no DeepOBS run record")],
)
def test_other_files_are_named(tmp_path, text, words):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(OptlabError, match=f"other.json .*{words}|other.json {words}"):
        published.read(tmp_path)


def test_an_empty_folder_is_one_sentence(tmp_path):
    with pytest.raises(OptlabError, match="holds no .json file"):
        published.read(tmp_path)


GARBAGE = [
    ({"random_seed": "x"}, "random_seed = 'x'"),
    ({"random_seed": -1}, "random_seed = -1"),
    ({"random_seed": 2**70}, "random_seed = 1180591620717411303424"),
    ({"num_epochs": 2.5}, "num_epochs = 2.5"),
    ({"batch_size": True}, "batch_size = True"),
    ({"train_losses": "abc"}, "train_losses = 'abc'"),
    ({"train_losses": []}, r"train_losses = \[\]"),
    ({"test_losses": [1.0, None, 2.0]}, "test_losses.1 = None"),
    ({"test_losses": [1.0]}, "curves have different lengths .*train_losses 3.*test_losses 1"),
    ({"hyperparams": [1]}, r"hyperparams = \[1\]"),
    ({"learning_rate": "fast"}, "learning_rate = 'fast'"),
    ({"learning_rate": None, "hyperparams": {"lr": "fast"}}, "learning_rate = 'fast'"),
    ({"optimizer": ""}, "optimizer = ''"),
    ({"optimizer": {"__reduce__": 1}}, "optimizer = {'__reduce__': 1}"),
    ({"testproblem": "x" * 1000}, "testproblem = 'xxx"),
    ({"train_accuracies": [0.1, "b", 0.2]}, "train_accuracies.1 = 'b'"),
    ({"weight_decay": "much"}, "weight_decay = 'much'"),
]


@pytest.mark.parametrize(("changes", "words"), GARBAGE)
def test_a_record_that_holds_something_else_is_one_sentence(tmp_path, changes, words):
    (tmp_path / "bad.json").write_text(json.dumps(record(0.1, 42, 1.0) | changes))
    with pytest.raises(OptlabError, match=f"bad.json is no DeepOBS run record: .*{words}") as raised:
        published.read(tmp_path)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


def test_deep_nesting_and_other_encodings_are_no_records(tmp_path):
    for content in (b"[" * 100_000, b"\xff\xfe{}"):
        (tmp_path / "bad.json").write_bytes(content)
        with pytest.raises(OptlabError, match="bad.json cannot be read"):
            published.read(tmp_path)


def test_a_run_that_deepobs_broke_off_diverged():
    """DeepOBS 1.2 then repeats the values of before training up to the last epoch; they are no result."""
    losses = [2.3, 1.9, 2.3, 2.3]
    broken = newer(0.1, 42, 0.9) | dict.fromkeys(("train_losses", "valid_losses", "test_losses"), losses)
    broken |= {name: [0.1, 0.3, 0.1, 0.1] for name in ("train_accuracies", "valid_accuracies", "test_accuracies")}
    frame, curves = published.frames([broken])
    assert frame["status"][0] == "diverged" and frame["sentence"][0] == "diverged: not finite from epoch 2 on"
    assert curves["test_metric"].tolist() == pytest.approx([0.1, 0.3, np.nan, np.nan], nan_ok=True)


def test_a_learning_rate_schedule_makes_another_setting():
    plain, scheduled = record(0.1, 42, 1.0), record(0.1, 42, 1.0, lr_sched_epochs=[1], lr_sched_factors=[0.1])
    inside = newer(0.1, 42, 0.9) | {"training_params": {"lr_sched_epochs": [1], "lr_sched_factors": [0.1]}}
    frame, _ = published.frames([plain, scheduled, inside])
    assert frame["schedule"].tolist() == ["constant", *["factors [0.1] from epochs [1.0]"] * 2]
    assert frame["cell"].nunique() == 3


def test_what_is_kept_reads_back_to_the_same_frames(tmp_path):
    """`records` gives plain data without the log of mini-batches, which JSON keeps, NaN and all."""
    for k, one in enumerate([record(0.1, 42, float("nan")), newer(0.01, 42, 0.9), record(0.1, 42, float("nan"))]):
        (tmp_path / f"{k}.json").write_text(json.dumps(one))
    kept = json.loads(json.dumps(list(published.records(tmp_path))))
    assert all("minibatch_train_losses" not in one for one in kept)
    for ours, theirs in zip(published.frames(kept), published.read(tmp_path), strict=True):
        pd.testing.assert_frame_equal(ours, theirs)
    assert len(published.frames(kept)[0]) == 2  # the third is the first once more


def test_only_the_problems_asked_for_under_the_names_given():
    frame, curves = published.frames([record(0.1, 42, 1.0), newer(0.1, 42, 0.9)], problems={"mnist_mlp": "mnist"})
    assert frame[["problem", "testproblem"]].to_numpy().tolist() == [["mnist", "mnist_mlp"]] and set(curves["digest"]) == set(
        frame["digest"]
    )
    with pytest.raises(OptlabError, match="no published run of other"):
        published.frames([record(0.1, 42, 1.0)], problems={"other": "mine"})
