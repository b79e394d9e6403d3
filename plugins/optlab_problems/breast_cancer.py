"""Wisconsin diagnostic breast cancer: 569 tumours, 30 features of their cell nuclei, class 0 malignant and 1 benign.

Source: W. Wolberg, O. Mangasarian, N. Street and W. Street (1993), UCI Machine Learning Repository,
https://doi.org/10.24432/C5DW2B, as bundled with scikit-learn (whose class numbers these are).
"""

from optlab.plugin import hookimpl, problem


@problem(task="classification", scale="standard", source="Wolberg et al. 1993, UCI, https://doi.org/10.24432/C5DW2B")
def breast_cancer():
    """Wisconsin breast cancer, 30 features, malignant (0) or benign (1)."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    return data.data, data.target


@hookimpl
def register_problems(register):
    register(breast_cancer)
