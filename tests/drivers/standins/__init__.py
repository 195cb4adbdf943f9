"""Stand-ins for what no machine without pins has: the layer below the vendors' own Python code."""
