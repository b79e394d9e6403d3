"""Rules that neither torch nor optax ships against numbers recorded from their authors' code.

The tape is a formula, so that anybody can repeat the recording: gradient k of step t is cos(0.7 k t), plus 0.2 k in every fifth step;
the third parameter's is 0 except in every fourth.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import optlab

RECORDED = json.loads((Path(__file__).parent / "published.json").read_text())


def tape() -> np.ndarray:
    t, k = np.arange(1, 41)[:, None], np.arange(1, 5)
    gradients = np.cos(0.7 * k * t) + 0.2 * k * (t % 5 == 0)
    gradients[:, 2] *= t[:, 0] % 4 == 0
    return gradients


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: f"{case['rule']}-{case['hyper']['lr']}")
def test_rule_equals_its_authors_code(case):
    path = optlab.trajectory(case["rule"], tape(), [1.0, -0.5, 0.25, 2.0], case["hyper"])
    recorded = np.array(case["w"])
    assert np.abs(path[np.array(RECORDED["steps"]) - 1] - recorded).max() <= 1e-12 * np.abs(recorded).max()
