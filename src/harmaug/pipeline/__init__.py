"""The whole method: who comes after whom."""
