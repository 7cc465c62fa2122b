"""LocalAI: a YAML file for each model."""
