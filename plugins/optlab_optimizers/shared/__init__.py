"""Compiled helpers that several optimizers call; no plugins."""
