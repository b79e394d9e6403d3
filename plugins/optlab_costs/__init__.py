"""Built-in costs, registered through the same entry points as anybody's."""
