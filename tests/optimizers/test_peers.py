"""Every rule that another library ships equals it over 300 steps on three tapes, to 1e-10 in float64."""

from importlib.metadata import packages_distributions, version
from importlib.util import find_spec

import numpy as np
import pytest

import optlab
from optlab.conformance.peers import PEERS, Unsupported
from optlab.rules import VERIFIED, Optimizer
from tests.optimizers.support import SIZES, STEPS, start, tapes
from tests.optimizers.test_published import RECORDED

VERSIONS = {
    "torch": "2.13", "optax": "0.2.8", "qhoptim": "1.1", "schedulefree": "1.4", "pytorch_optimizer": "4.1", "prodigyopt": "1.1",
    "dadaptation": "3.2", "dog": "1.0",
}  # fmt: skip
WITHIN = 1e-10
RULES = optlab.catalogue()["optimizers"]
SHIPPED = [peer for peer in PEERS if peer.rule in RULES]
CASES = [pytest.param(peer, setting, id=f"{peer.rule}-{peer.name}-{k}") for peer in SHIPPED for k, setting in enumerate(peer.settings)]


@pytest.mark.parametrize(("peer", "setting"), CASES)
def test_rule_equals_its_peer(peer, setting):
    if not peer.importable:
        pytest.skip(f"{peer.package} is not installed")
    values, sizes = optlab.catalogue().optimizer(peer.rule).values(setting), SIZES if peer.layered else None
    names, each = list(tapes()), list(tapes().values())
    if peer.layered:
        theirs = [peer.run(tape, start(), values, sizes) for tape in each]
    else:  # side by side, so that jax compiles once
        theirs = np.split(peer.run(np.concatenate(each, axis=1), np.tile(start(), len(each)), values, None), len(each), axis=1)
    ours = [optlab.trajectory(peer.rule, tape, start(), setting, sizes=sizes) for tape in each]
    errors = {name: np.abs(a - b).max() / np.abs(b).max() for name, a, b in zip(names, ours, theirs, strict=True)}
    assert max(errors.values()) <= WITHIN, errors


def test_reports_say_how_it_was_compared():
    assert VERIFIED.startswith(f"the same path to {WITHIN:g} over {STEPS} steps in float64")


@pytest.mark.parametrize("peer", SHIPPED, ids=lambda peer: f"{peer.rule}-{peer.name}")
def test_settings_differ_from_each_other(peer):
    """Else a comparison at several of them would be one comparison."""
    paths = {optlab.trajectory(peer.rule, tapes()["sparse"], start(), one, sizes=SIZES).tobytes() for one in peer.settings}
    assert len(paths) == len(peer.settings)


def test_what_a_library_does_not_offer_is_unsupported():
    adam = next(peer for peer in PEERS if peer.name == "torch.optim.Adam")
    if not adam.importable:
        pytest.skip("torch is not installed")
    values = optlab.catalogue().optimizer("adam").values({"dialect": "tensorflow"})
    with pytest.raises(Unsupported, match="dialect = 'torch' alone, not 'tensorflow'"):
        adam.run(tapes()["smooth"], start(), values, None)


def test_torch_keeps_its_default_dtype_and_jax_its_precision():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    before = torch.get_default_dtype(), jax.numpy.zeros(1).dtype
    for name in ("torch.optim.Adam", "optax.adam"):
        peer = next(peer for peer in PEERS if peer.name == name)
        if peer.importable:
            assert peer.run(tapes()["smooth"], start(), optlab.catalogue().optimizer("adam").values({}), None).dtype == np.float64
    assert (torch.get_default_dtype(), jax.numpy.zeros(1).dtype) == before


@pytest.mark.parametrize("package", VERSIONS)
def test_the_versions_that_rules_name_are_those_compared_with(package):
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    assert version(packages_distributions()[package][0]).startswith(VERSIONS[package])


def test_every_library_that_a_rule_names_is_compared_with():
    """Elementwise rules: their names are those of the comparisons above and of the recorded numbers, none more and none less."""
    recorded = {(case["rule"], case["source"]) for case in RECORDED["cases"]}
    compared = {(peer.rule, f"{peer.name} {VERSIONS[peer.package]}") for peer in PEERS} | recorded
    for name, rule in RULES.items():
        if isinstance(rule, Optimizer):
            assert {library for of, library in compared if of == name} == set(rule.verified), name


def test_every_peer_is_named_by_its_rule():
    for peer in SHIPPED:
        assert f"{peer.name} {VERSIONS[peer.package]}" in RULES[peer.rule].verified, peer.rule
