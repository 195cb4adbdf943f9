"""Device drivers: one small file for each kind of hardware, its simulated twin beside it."""
