"""Entities that several threads read at the very beginning: each its first, all at once."""

import subprocess
import sys

PROGRAM = """
import sys, threading
from terminal.backends.onslip.models import read, read_patch
from terminal.backends.onslip.models_realm import ClientInfo
from terminal.backends.onslip.models_till import TillPatch

company = {"id": 1, "name": "Demo", "alias": "demo.example"}
params = {"vat-rates": [], "available-features": [], "required-features": []}
info = {"company": company, "permissions": [], "service-endpoints": [], "merchant-params": params}
sys.setswitchinterval(1e-6)
begin = threading.Barrier(6)
read_by = []

def run(number):
    begin.wait()
    found = read_patch(TillPatch, {"name": "Demo"}) if number % 2 else read(ClientInfo, info).company
    read_by.append(found.name)

threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(read_by.count("Demo"))
"""


def test_the_first_entities_may_be_read_by_many_threads_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "6\n"), done.stderr
