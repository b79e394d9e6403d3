"""Newton's method: Theta <- Theta - lr M dC/dTheta with M = (H + damping I)^-1, H the Hessian of the mini-batch's objective.

Nocedal and Wright, Numerical Optimization (2006), section 3.3. H is found column by column, from central differences of the gradient, and
symmetrised. A step costs 2 n gradients, 2 n^3 / 3 operations and n^2 numbers of memory for n parameters: for small networks alone, some
hundred parameters. Where H + damping I has negative eigenvalues a step climbs, so from a random start of a network with hidden layers it
may well end in a saddle point; damping above the size of the most negative eigenvalue prevents that. Where it is singular w stays.
"""

from optlab.plugin import DONE, HESSIAN_VECTOR, NonNegative, Positive, hookimpl, vector_rule
from optlab_optimizers.shared.linear_solve import descend


def operations(rows, n, **options):
    return 2.0 * n**3 / 3 + 4.0 * n * n


@vector_rule(operations=operations, state={"hessian": "n n"}, verified=("sklearn.linear_model.LogisticRegression 1.9",))
def newton(w, g, hessian, *, call, direction, answer, lr: Positive = 1.0, damping: NonNegative = 0.1):
    n = len(w)
    if call > 0:
        hessian[:, call - 1] = answer
        direction[call - 1] = 0
    else:
        direction[:] = 0
    if call < n:
        direction[call] = 1
        return HESSIAN_VECTOR
    for i in range(n):
        for j in range(i):
            mean = (hessian[i, j] + hessian[j, i]) / 2
            hessian[i, j], hessian[j, i] = mean, mean
    descend(w, hessian, damping, g, lr)
    return DONE


@hookimpl
def register_optimizers(register):
    register(newton)
