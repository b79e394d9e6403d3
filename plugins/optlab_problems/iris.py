"""Iris: 150 flowers of three species, four lengths in cm.

Source: R. A. Fisher, Annals of Eugenics 7 (1936) 179-188, https://doi.org/10.1111/j.1469-1809.1936.tb02137.x,
as bundled with scikit-learn (which uses the paper's values, not the UCI file's two misprinted rows).
"""

from optlab.plugin import hookimpl, problem


@problem(task="classification", scale="standard", source="Fisher 1936, https://doi.org/10.1111/j.1469-1809.1936.tb02137.x")
def iris():
    """Iris flowers, four lengths, three species."""
    from sklearn.datasets import load_iris

    data = load_iris()
    return data.data, data.target


@hookimpl
def register_problems(register):
    register(iris)
