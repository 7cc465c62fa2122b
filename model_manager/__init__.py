"""Model Manager: every local AI model on this computer, in one window and one command."""

__version__ = "0.1.0"
