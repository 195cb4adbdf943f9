"""The running terminal: one loop, the devices around it, and what the service manager is told."""
