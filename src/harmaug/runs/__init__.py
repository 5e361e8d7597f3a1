"""The run folder: what is written, whole or not at all, and found again."""
