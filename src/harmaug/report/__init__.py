"""Results in, one page out."""
