"""The prefix attack: its prompt, its prefix, and what is kept of what it yields."""
