"""Slopes of every elementwise activation and cost against jax.grad of the same formula, interpreted with jax.numpy."""

import numpy as np
import pytest

import optlab
from optlab.formula.derive import forward
from optlab.kinds import Cost

jax = pytest.importorskip("jax", reason="jax is not installed (extra `peers`)")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

ELEMENTARY = {
    "add": jnp.add,
    "sub": jnp.subtract,
    "mul": jnp.multiply,
    "div": jnp.divide,
    "neg": jnp.negative,
    "power": jnp.power,
    "abs": jnp.abs,
    "sign": jnp.sign,
    "square": jnp.square,
    "sqrt": jnp.sqrt,
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "logaddexp": jnp.logaddexp,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "cosh": jnp.cosh,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "erf": jax.scipy.special.erf,
    "hypot": jnp.hypot,
    "minimum": jnp.minimum,
    "maximum": jnp.maximum,
    "where": jnp.where,
    "less": jnp.less,
    "less_equal": jnp.less_equal,
    "greater": jnp.greater,
    "greater_equal": jnp.greater_equal,
    "equal": jnp.equal,
    "both": jnp.logical_and,
    "either": jnp.logical_or,
    "opposite": jnp.logical_not,
    "straight_through": lambda value, surrogate: surrogate + jax.lax.stop_gradient(value - surrogate),
}
PLUGINS = [
    *optlab.catalogue()["activations"].values(),
    *(plugin for plugin in optlab.catalogue()["costs"].values() if isinstance(plugin, Cost)),
]
# Away from the kinks of all formulas (0, +-0.5, +-1, +-3, 6), where conventions differ, and within the range of exp.
POINTS = np.array([-4.7, -2.3, -1.3, -0.71, -0.13, 0.17, 0.63, 1.9, 2.6, 4.1])


def interpreted(graph, values):
    """The graph's first output by jax.numpy; values by name."""
    found = []
    for node in graph.nodes:
        if node.op == "constant":
            found.append(node.value)
        elif node.op == "integer_power":
            found.append(found[node.parents[0]] ** node.value)
        elif node.op in ELEMENTARY:
            found.append(ELEMENTARY[node.op](*(found[k] for k in node.parents)))
        else:
            found.append(values[node.value])
    return found[graph.outputs[0]]


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: f"{plugin.kind}-{plugin.name}")
def test_slope_is_that_of_jax(plugin):
    values = plugin.values({})
    graph, swept = plugin.graph(plugin.options(values)), {name: values[name] for name in plugin.swept}
    first, *others = plugin.positional
    for target in (0.0, 1.0) if others else (None,):
        known = swept | ({others[0]: target} if others else {})
        slope = jax.grad(lambda x, known=known: interpreted(graph, {**known, first: x}))
        ours = forward(graph, first).evaluate(*([POINTS] if target is None else [POINTS, np.full_like(POINTS, target)]), **swept)[1]
        expected = np.array([slope(x) for x in POINTS])
        assert np.abs(np.broadcast_to(ours, POINTS.shape) - expected).max() <= 1e-12 * max(1.0, np.abs(expected).max())
