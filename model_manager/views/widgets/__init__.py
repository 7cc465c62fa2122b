"""Widgets of our own. They know nothing of models."""
