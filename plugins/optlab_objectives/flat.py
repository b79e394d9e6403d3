"""Where the gradient says little: a saddle to leave and a plateau to cross. The two simplest formulas that have one."""

from optlab.plugin import Count, hookimpl, objective


@objective(minimum=-0.25, at=[(0.0, 1.0), (0.0, -1.0)], start=(1.5, 0.001), box=[(-2.0, 2.0)])
def saddle(x, y):
    """x^2/2 - y^2/2 + y^4/4: a saddle point at the origin between two minima; the usual start lies 0.001 beside the way into it."""
    return (x**2 - y**2) / 2 + y**4 / 4


@objective(minimum=0.0, at=[(0.0,)], box=[(-10.0, 10.0)])
def plateau(*x, dimension: Count = 2):
    """r^2 / (1 + r^2) with r the distance from the origin: far out its slope falls as 2 / r^3."""
    squares = sum(each**2 for each in x)
    return squares / (1 + squares)


@hookimpl
def register_objectives(register):
    register(saddle)
    register(plateau)
