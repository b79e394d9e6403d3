"""Records of DeepOBS become rows of a study: both forms of its format, bad files, and choosing among them."""

import json

import numpy as np
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
