"""The chat model: a causal decoder, aligned in miniature, that the prefix attack can break."""
