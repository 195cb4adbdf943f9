"""The daemon: one loop that decides, and the wiring of everything around it."""
