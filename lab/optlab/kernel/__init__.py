"""Compiled code: knows floats, ints and contiguous memory; no names, and nothing above it."""
