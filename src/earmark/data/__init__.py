"""Clips, data sets, where they come from, and honest splits."""
