"""Names in, groups out: which files are one model. Nothing here touches the disk."""
