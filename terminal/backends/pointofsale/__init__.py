"""The adapter of a server of the PointOfSale wallet API, and what it is made of."""
