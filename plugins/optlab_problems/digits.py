"""Handwritten digits: 1797 images of 8 x 8 pixels, ten classes.

Pixels are counts from 0 to 16; dividing by 16 brings them to [0, 1].
Source: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository
(its test part), https://doi.org/10.24432/C50P49, as bundled with scikit-learn.
"""

from optlab.plugin import hookimpl, problem


@problem(task="classification", scale=16.0, source="Alpaydin and Kaynak 1998, UCI, https://doi.org/10.24432/C50P49")
def digits():
    """Handwritten digits, 8 x 8 pixels, ten classes."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.data, data.target


@hookimpl
def register_problems(register):
    register(digits)
