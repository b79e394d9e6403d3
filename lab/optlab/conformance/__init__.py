"""Is it what it says it is? The gates of `optlab check`, and the checks of hand-written networks, steps, functions and orders."""
