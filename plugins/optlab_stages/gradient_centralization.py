"""Gradient centralization: the gradient of each output's weights loses its mean over the inputs.

Yong et al., ECCV 2020, arXiv:2004.01461, equation 1. Biases, and parameters without layers, pass unchanged.
Stands before the optimizer: ``gradient_centralization+momentum``.
"""

import numpy as np

from optlab.plugin import hookimpl, layer_rule


@layer_rule(operations=2.0, stage=True)
def gradient_centralization(w, g, *, bias):
    rows, columns = g.shape
    if bias:
        return
    for j in range(columns):
        total = 0.0
        for i in range(rows):
            total += np.float64(g[i, j])
        for i in range(rows):
            g[i, j] -= total / rows


@hookimpl
def register_stages(register):
    register(gradient_centralization)
