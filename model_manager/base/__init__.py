"""What every layer stands on: errors, facts, paths, volumes, words. Imports nothing of ours."""
