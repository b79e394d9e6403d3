"""Diabetes: 442 patients, ten measurements at the start, disease progression one year later (a score from 25 to 346).

The target is (score - 152) / 77, rounded mean and deviation of all patients: fixed numbers, so that nothing is fitted to the test
rows. R^2 is that of the score; a squared error times 77^2 is in the score's own units. Features come unscaled (age in years, serum
values in mg/dl) and are standardised on the training part.
Source: B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, Annals of Statistics 32 (2004) 407-499,
https://doi.org/10.1214/009053604000000067, as bundled with scikit-learn.
"""

from optlab.plugin import hookimpl, problem

CENTRE, UNIT = 152.0, 77.0


@problem(task="regression", scale="standard", source="Efron et al. 2004, https://doi.org/10.1214/009053604000000067")
def diabetes():
    """Disease progression after one year from ten measurements of 442 patients."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    return data.data, (data.target - CENTRE) / UNIT


@hookimpl
def register_problems(register):
    register(diabetes)
