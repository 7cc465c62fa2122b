"""From what a person wants gone to a plan, and the questions asked again before it is applied."""
