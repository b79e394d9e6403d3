"""Wine: 178 wines of three cultivars from one region of Italy, 13 chemical measurements.

Source: S. Aeberhard and M. Forina (1992), UCI Machine Learning Repository, https://doi.org/10.24432/C5PC7J,
as bundled with scikit-learn.
"""

from optlab.plugin import hookimpl, problem


@problem(task="classification", scale="standard", source="Aeberhard and Forina 1992, UCI, https://doi.org/10.24432/C5PC7J")
def wine():
    """Italian wines, 13 chemical measurements, three cultivars."""
    from sklearn.datasets import load_wine

    data = load_wine()
    return data.data, data.target


@hookimpl
def register_problems(register):
    register(wine)
