"""Guards that score pairs: one file a family."""
