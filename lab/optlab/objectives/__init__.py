"""Functions that are minimised directly: formulas of a few variables, and quadratics of any size and spectrum."""
