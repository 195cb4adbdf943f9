"""Printers, and the pure halves that they share: layout, status bytes, composing."""
