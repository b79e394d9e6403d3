"""A record like the one a run writes beside its outcomes."""

from typing import Any

TOML = """problem = "digits"
optimizer = ["gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"]
layers = [50]
activation = "sigmoid"
epochs = 30
batch_size = 64
lr = { log = [1e-4, 10], points = 11 }
l2 = [0, 1e-4, 1e-3, 1e-2]
seeds = 3
confirm = 10
"""


def record() -> dict[str, Any]:
    return {
        "name": "quickstart",
        "toml": TOML,
        "versions": {"optlab": "0.1.0", "python": "3.11.7", "numpy": "2.4.6", "numba": "0.68.1"},
        "cpu": "AMD EPYC 7B13",
        "cores": 2,
        "workers": 2,
        "blas": "OpenBLAS 0.3.30, 1 thread",
        "seeds": "tuning 0-2, confirmation 1000000-1000009",
        "compile_seconds": 31.2,
        "wall_seconds": 74.9,
        "methods": "Six optimizers were compared on digits. Cells were chosen on validation with 3 replicates.",
        "protocol": [["selection", "highest median on validation, 3 replicates"], ["claims", "10 fresh replicates, test set"]],
        "design": {"smallest_difference": 0.01},
        "rerun": "optlab run quickstart",
        "command": "optlab run quickstart --plugin FILE --set optimizer+=mine",
        "formulas": {
            "gd": {"text": "w = w - lr * g", "latex": r"w \leftarrow w - \eta\, g", "doc": "Gradient descent.", "flops": 2, "slots": 0},
            "adam": {
                "text": "m = beta1 * m + (1 - beta1) * g\nv = beta2 * v + (1 - beta2) * g * g\nw = w - lr * m_hat / (sqrt(v_hat) + eps)",
                "doc": "Adam: steps scaled by running moments of the gradient.",
                "flops": 12,
                "slots": 2,
            },
        },
    }
