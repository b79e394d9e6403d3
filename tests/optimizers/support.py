"""The three tapes on which rules are compared with other libraries' rules."""

import numpy as np

STEPS, SIZES = 300, (3, 4, 2)
N = 3 * 4 + 4 + 4 * 2 + 2


def tapes() -> dict[str, np.ndarray]:
    """Gradients (STEPS, N): smooth; a tenth of them not 0; a new sign each step."""
    rng = np.random.default_rng(5)
    smooth = np.cos(np.linspace(0, 9, STEPS)[:, None] + np.arange(N))
    turns = np.where(np.arange(STEPS) % 2, 1.0, -1.0)[:, None]
    return {
        "smooth": smooth,
        "sparse": rng.normal(size=(STEPS, N)) * (rng.random((STEPS, N)) < 0.1),
        "flipping": turns * (1 + 0.3 * rng.normal(size=(STEPS, N))),
    }


def start() -> np.ndarray:
    return np.linspace(-1, 1, N)
