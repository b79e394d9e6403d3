"""SIGKILL in every phase of a run: no trial is lost or doubled, and what comes out in the end is what an undisturbed run gives."""

import os
from pathlib import Path

import pytest

from tests.faults.kills import PHASES, Sweep

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")


def test_a_run_that_is_killed_once_in_each_phase_comes_to_the_same_numbers(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "sweep", 0)
    for phase in PHASES:
        sweep.kill(phase)
    assert sweep.killed == dict.fromkeys(PHASES, 1)
    assert sweep.check() == 3 * 2 * 16 + 3 * 16


@pytest.mark.long
def test_a_hundred_kills(tmp_path: Path) -> None:
    for seed in range(1, 16):
        sweep = Sweep(tmp_path / str(seed), seed)
        for phase in [*sweep.rng.sample(PHASES[:-1], len(PHASES) - 1), PHASES[-1]]:  # a run that has its report is over
            sweep.kill(phase)
        sweep.check()
