"""The runtime: text in, verdict out. No torch."""
