"""What is shown: rows, cards, totals, and the JSON objects of the command line."""
