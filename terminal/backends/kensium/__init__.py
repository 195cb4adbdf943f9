"""The adapter of a server of Kensium POS, and what it is made of."""
