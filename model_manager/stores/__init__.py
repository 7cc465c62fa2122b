"""One adapter per tool: what its folders mean. They read; they never change the disk. The list of them: `adapters`."""
