"""From the folders watched to models in the catalogue."""
