"""Plots of sounds with axes, units and colour bars, for people to read. matplotlib is used here and nowhere else."""
