"""Reading plain folders: the walk, what it leaves out, what lies beside models, and how such models are removed."""
