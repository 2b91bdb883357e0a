"""Read by gdb before rr's commands are: switches that look like a Ctrl-C where gdb tells of something, just before rr's
own listeners hear of it. A switch runs no Python, which would take the Ctrl-C itself.

trip(NAME) turns on the one of gdb.events.NAME, for good.
"""

import ctypes

import gdb

pretend = ctypes.pythonapi.PyErr_SetInterrupt
pretend.argtypes = [ctypes.py_object]


def trip(name):
    type(switches[name]).__call__ = pretend


switches = {name: type(name, (), {"__call__": id})() for name in ("stop", "new_objfile", "breakpoint_modified")}
for name, switch in switches.items():
    getattr(gdb.events, name).connect(switch)
