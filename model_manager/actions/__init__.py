"""Use cases: what the window and the commands have done by the features below them.

One module for each, imported where it is used: this package imports none of them, since some load every adapter and
`model-manager list` must not. An action takes a `Context` and answers with records or a `Plan`, never with text laid out
for a terminal; what a person may not do is a ModelManagerError.
"""
