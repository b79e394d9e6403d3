"""Gauss-Newton: Newton's method with the generalised Gauss-Newton matrix J' H_out J in place of the Hessian.

Schraudolph, "Fast curvature matrix-vector products", Neural Computation 14, 2002. J is the Jacobian of the network's outputs, H_out the
Hessian of the cost in them; the matrix is positive semidefinite for a convex cost, so that with damping a step descends. A step costs a
backward pass per row and output and, for n parameters, 2 n^3 / 3 operations and n^2 numbers of memory: for small networks alone. Where
the damped matrix is singular w stays.
"""

from optlab.plugin import DONE, GAUSS_NEWTON, NonNegative, Positive, hookimpl, vector_rule
from optlab_optimizers.shared.linear_solve import descend


def operations(rows, n, **options):
    return 2.0 * n**3 / 3 + 3.0 * n * n


@vector_rule(operations=operations, verified=("sklearn.linear_model.LogisticRegression 1.9",))
def gauss_newton(w, g, *, call, matrix, lr: Positive = 1.0, damping: NonNegative = 0.1):
    if call == 0:
        return GAUSS_NEWTON
    descend(w, matrix, damping, g, lr)
    return DONE


@hookimpl
def register_optimizers(register):
    register(gauss_newton)
