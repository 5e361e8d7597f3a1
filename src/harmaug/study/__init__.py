"""Grids of arms and seeds: run what is missing, and say what came of it with intervals."""
