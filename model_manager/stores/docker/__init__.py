"""Docker Model Runner: an index that names bundles and blobs."""
