"""What could go: leftovers, broken models, older versions and smaller quants."""
