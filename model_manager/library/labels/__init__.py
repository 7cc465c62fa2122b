"""Words on models: the user's own, categories, verdicts, sources."""
