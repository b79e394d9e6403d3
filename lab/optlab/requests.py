"""Reverse communication: what a stage may return, and the record it talks through. Plain numbers, for plugins and kernel alike."""

RAISED = -1  # array code raised an exception: never served
DONE = 0
EVALUATE = 1  # cost and gradient again at w, same rows
HESSIAN_VECTOR = 2  # H v: v in scratch[:n], answer in scratch[n:2n]
JACOBIAN = 3
SAMPLED_GRADIENT = 4

ASK_CALL = 0  # 0 on the first call of a step, then 1, 2, ... after each request served
ASK_COST = 1  # mean cost plus penalty at the last point evaluated
ASK_ROWS = 2  # rows in the mini-batch
ASK_SIZE = 8
