"""What a technician would look at on the machine, looked at by a program: facts in, findings out.

    from terminal.doctor import System, examine
    for finding in examine(System(), "/etc/terminal/terminal.toml"): ...

Each check is one small function of a :class:`Case` that gives findings. All facts of the machine come through
:class:`System`, so that a folder can stand in for a Raspberry Pi. No check changes anything, hangs or raises.
"""

from terminal.doctor.case import Case
from terminal.doctor.examine import CHECKS, examine
from terminal.doctor.finding import Finding, Status
from terminal.doctor.system import Disk, Hidden, Node, Ran, System

__all__ = ["CHECKS", "Case", "Disk", "Finding", "Hidden", "Node", "Ran", "Status", "System", "examine"]
