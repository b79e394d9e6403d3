"""Built-in schedules, registered through the same entry points as anybody's."""
