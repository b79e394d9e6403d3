"""Several minima: which one is found depends on start and step. All but Himmelblau's and Branin's have one lowest.

Jamil and Yang, "A literature survey of benchmark functions for global optimization problems", arXiv:1308.4008, has them all but rastrigin.
"""

import math

from optlab.plugin import Count, Positive, cos, exp, hookimpl, objective, sqrt, where


@objective(
    minimum=0.0,
    at=[
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286169),
        (3.584428340330492, -1.848126526964404),
    ],
    box=[(-5.0, 5.0)],
)
def himmelblau(x, y):
    """Himmelblau's four equal minima. Applied Nonlinear Programming (1972)."""
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@objective(minimum=0.0, at=[(0.0,)], box=[(-5.12, 5.12)])
def rastrigin(*x, dimension: Count = 2, amplitude: Positive = 10.0):
    """A bowl x^2 under a lattice of cosines, with a minimum near each integer. Muehlenbein et al., Parallel Computing 17 (1991)."""
    return amplitude * dimension + sum(each**2 - amplitude * cos(2 * math.pi * each) for each in x)


@objective(minimum=0.0, at=[(0.0,)], box=[(-5.0, 5.0)])
def ackley(*x, dimension: Count = 2, a: Positive = 20.0, b: Positive = 0.2, c: Positive = 2 * math.pi):
    """Ackley's pit in a rippled plain. A Connectionist Machine for Genetic Hillclimbing (1987).

    The minimum is the tip of a cone: the slope there is taken as 0, and around it has the length a b / sqrt(dimension).
    """
    squares, waves = sum(each**2 for each in x) / dimension, sum(cos(c * each) for each in x) / dimension
    return a - a * exp(-b * where(squares > 0, sqrt(squares), 0)) + (math.e - exp(waves))


@objective(
    minimum=10 / (8 * math.pi),
    at=[(-math.pi, 12.275), (math.pi, 2.275), (3 * math.pi, 2.475)],
    box=[(-5.0, 10.0), (0.0, 15.0)],
)
def branin(x, y):
    """Branin's three equal minima. "Widely convergent method for finding multiple solutions", IBM J. Res. Dev. 16 (1972)."""
    return (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * cos(x) + 10


@objective(minimum=0.0, at=[(0.0,)], box=[(-2.5, 2.5)])
def three_hump_camel(x, y):
    """Three minima side by side, the middle one the lowest."""
    return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2


@objective(
    minimum=lambda dimension: -39.16616570377141 * dimension,
    at=[(-2.903534027771177,)],
    box=[(-5.0, 5.0)],
)
def styblinski_tang(*x, dimension: Count = 2):
    """Two minima of unequal depth along each axis. Styblinski and Tang, Neural Networks 3 (1990)."""
    return sum(each**4 - 16 * each**2 + 5 * each for each in x) / 2


@hookimpl
def register_objectives(register):
    for each in (himmelblau, rastrigin, ackley, branin, three_hump_camel, styblinski_tang):
        register(each)
