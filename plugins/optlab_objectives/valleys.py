"""One minimum at the bottom of a valley: the test is to follow it.

More, Garbow and Hillstrom, "Testing unconstrained optimization software", ACM Trans. Math. Softw. 7 (1981), problems 1, 21 (rosenbrock) and
5 (beale), with their starts; Jamil and Yang, arXiv:1308.4008, function 17 (booth).
"""

from optlab.plugin import Positive, Real, Several, hookimpl, objective


@objective(
    minimum=0.0,
    at=lambda dimension, a, b: [(a, a * a)] if dimension == 2 else [(1.0,)] if a == 1 else [],
    start=(-1.2, 1.0),
    box=[(-2.0, 2.0), (-1.0, 3.0)],
)
def rosenbrock(*x, dimension: Several = 2, a: Real = 1.0, b: Positive = 100.0):
    """Rosenbrock's curved valley, the sum of b (next - x^2)^2 + (a - x)^2 over neighbours.

    Rosenbrock, "An automatic method for finding the greatest or least value of a function", Computer Journal 3 (1960). In more than two
    dimensions the minimum is known for a = 1 only.
    """
    return sum(b * (x[i + 1] - x[i] ** 2) ** 2 + (a - x[i]) ** 2 for i in range(dimension - 1))


@objective(minimum=0.0, at=[(3.0, 0.5)], start=(1.0, 1.0), box=[(-4.5, 4.5)])
def beale(x, y):
    """Beale's valley: flat inside, steep at the corners of its box."""
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


@objective(minimum=0.0, at=[(1.0, 3.0)], box=[(-10.0, 10.0)])
def booth(x, y):
    """Booth's quadratic, with condition number 9 and axes turned by 45 degrees."""
    return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


@objective(minimum=0.0, at=[(0.0,)], box=[(-2.0, 2.0)])
def ill_conditioned_bowl(*x, dimension: Several = 2, condition: Positive = 100.0):
    """Half the sum of c_i x_i^2, curvatures c_i in even logarithmic steps from 1 to the condition number."""
    return 0.5 * sum(condition ** (i / (dimension - 1)) * x[i] ** 2 for i in range(dimension))


@hookimpl
def register_objectives(register):
    for each in (rosenbrock, beale, booth, ill_conditioned_bowl):
        register(each)
