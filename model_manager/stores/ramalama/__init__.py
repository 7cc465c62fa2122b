"""RamaLama: a record for each tag, blobs and hard-linked snapshots beside it."""
