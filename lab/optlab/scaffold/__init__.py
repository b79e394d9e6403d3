"""`optlab new`: an installable project around one plugin, that passes its own tests before its author changes a line."""
