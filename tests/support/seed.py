"""The seed of every test that throws dice without hypothesis; a run prints it at its head.

``TERMINAL_SEED=N`` repeats a run's dice.
"""

import os
import random

SEED = int(os.environ.get("TERMINAL_SEED", "0")) or random.SystemRandom().getrandbits(32)
