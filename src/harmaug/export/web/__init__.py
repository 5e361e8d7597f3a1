"""The guard as a static folder that runs in a browser."""
