"""Tools that keep plain files in folders, one file each."""
