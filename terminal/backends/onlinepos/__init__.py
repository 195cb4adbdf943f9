"""The adapter of a server of OnlinePOS, and what it is made of."""
