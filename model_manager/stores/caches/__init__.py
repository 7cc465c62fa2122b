"""Tools whose caches differ in data alone."""
