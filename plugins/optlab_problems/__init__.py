"""Built-in problems, registered through the same entry points as anybody's."""
