"""HarmAug: distil a big safety guard into a small one, and run it where it is needed."""

__version__ = "0.1.0"
