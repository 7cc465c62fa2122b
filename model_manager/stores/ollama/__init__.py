"""Ollama: manifests that name blobs."""
