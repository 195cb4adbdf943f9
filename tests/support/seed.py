"""The seed of every test that throws dice without hypothesis; a run prints it at its head.

``TERMINAL_SEED=N`` repeats a run's dice.
"""

import os
import random

SEED = int(os.environ.get("TERMINAL_SEED", "0")) or random.SystemRandom().getrandbits(32)
os.environ["TERMINAL_SEED"] = str(SEED)  # the workers that run the tests side by side throw the same dice
