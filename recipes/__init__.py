"""How each embedded model was made, runnable again by anyone with the public data."""
