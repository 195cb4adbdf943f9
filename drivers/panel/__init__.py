"""Buttons, lamps and what else a front panel has."""
