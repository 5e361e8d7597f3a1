"""Models that write text: embedded, transformers, any OpenAI-compatible server."""
