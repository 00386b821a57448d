"""Scores with their intervals, and probabilities that mean something. Free of torch."""
