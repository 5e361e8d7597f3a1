"""How good a guard is and how sure that is; what it costs."""
