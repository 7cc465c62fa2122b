"""Files with the same bytes: found, proved, and shared or removed."""
