"""Labelled data and benchmarks by name or file."""
