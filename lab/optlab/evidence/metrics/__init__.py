"""Metrics of an optimizer beyond its final number, one per module: pure functions of arrays, larger metric values are better.

Nothing here is a claim: no test stands behind these numbers, and reports call them exploratory.
"""
