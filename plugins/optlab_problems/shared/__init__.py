"""Helpers that several problems call; no plugins."""
