"""InvokeAI: a database that names files."""
