"""Reverse communication: what a stage may return, and the record it talks through. Plain numbers, for plugins and kernel alike."""

RAISED = -1  # array code raised an exception: never served
DONE = 0
EVALUATE = 1  # cost and gradient again at w, same rows
HESSIAN_VECTOR = 2  # Hessian of the objective times `direction`, same rows; w and g stay as they are
GAUSS_NEWTON = 3  # generalised Gauss-Newton matrix of the objective, same rows
SAMPLED_GRADIENT = 4  # gradient of the mean cost for labels drawn from the network's predictions, same rows

# Where in a stage's scratch, in multiples of n, the kernel reads and answers; each exists where the rule names it.
DIRECTION = 0  # n: what to multiply
ANSWER = 1  # n: the product
SAMPLED = 2  # n: the sampled gradient
WORK = 3  # 2 n: the kernel's own
MATRIX = 5  # n x n; the kernel's own memory lies behind it

ASK_CALL = 0  # 0 on the first call of a step, then 1, 2, ... after each request served
ASK_COST = 1  # mean cost plus penalty at the last point evaluated
ASK_ROWS = 2  # rows in the mini-batch
ASK_TERMS = 3  # terms that the mean cost of the mini-batch divides by: rows, or rows * outputs
ASK_SIZE = 8
