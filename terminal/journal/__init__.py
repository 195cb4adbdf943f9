"""The offline journal: every money-relevant fact, durable before the world is touched."""
