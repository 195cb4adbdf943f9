"""Listening to one device: for a technician who tries it, in the daemon or without one.

Ear              takes what a device says, from its threads, for one listener who may be slow
event, traffic   what it said as a Line: words for a person, values for a program, no full UID unless asked
page             a document to print for a trial
ROLES            which devices can do what a technician asks for
"""

from terminal.listening.acts import ROLES
from terminal.listening.ear import Ear
from terminal.listening.lines import Line, event, note, traffic
from terminal.listening.page import page

__all__ = ["ROLES", "Ear", "Line", "event", "note", "page", "traffic"]
