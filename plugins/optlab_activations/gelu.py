"""GELU: z times the probability that a standard normal number lies below z. Hendrycks and Gimpel, arXiv:1606.08415, section 2.

``approximate="none"`` is the exact form (eq. 1), "tanh" the approximation below it, as torch names them.
"""

import math
from typing import Literal

from optlab.plugin import activation, erf, hookimpl, tanh


@activation
def gelu(z, *, approximate: Literal["none", "tanh"] = "none"):
    if approximate == "tanh":
        return 0.5 * z * (1 + tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    return 0.5 * z * (1 + erf(z * 2**-0.5))


@hookimpl
def register_activations(register):
    register(gelu)
