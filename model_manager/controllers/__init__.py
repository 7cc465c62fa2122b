"""One controller per screen, toolkit-free: gestures become calls, results become rows."""
