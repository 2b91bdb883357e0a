# Ctrl-C while Python runs in gdb.
#
# Where gdb tells us of something, it is meant for the program or the user's command; in Python it is an exception of
# whatever runs there, which gdb prints and forgets (gdb 13, gdbpy_print_stack). No Python listens to gdb.events.cont:
# between that and the program's going on the exception would be the last that is heard of it.
#
# Where gdb waits for the answer to `monitor`, it gives up, and takes that answer for its next request's (gdb 13,
# remote_target::rcmd).
import contextlib
import signal
import time

import gdb

AGAIN_NANOSECONDS = 10 * 1000 * 1000


class Again:
    """Has gdb get SIGINT once more, when it runs itself again: by a timer of the kernel's, timer_create(2)."""

    def __init__(self):
        self.timer = None
        try:
            import ctypes
        except ImportError:
            return  # Python without it: a Ctrl-C while a listener runs is lost.
        self.ctypes = ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        # struct sigevent: a value, the signal, SIGEV_SIGNAL; the kernel reads 64 bytes.
        event = (ctypes.c_int * 16)(0, 0, signal.SIGINT, 0)
        timer = ctypes.c_void_p()
        if not hasattr(libc, "timer_create") or libc.timer_create(time.CLOCK_MONOTONIC, event, ctypes.byref(timer)) != 0:
            return
        self.libc = libc
        self.timer = timer
        self.take_interrupts()

    def take_interrupts(self):
        """Sets what Python does at SIGINT. Who takes the signal itself stays gdb: Python hears of it from there."""
        ctypes = self.ctypes
        # They are PyOS_sighandler_t, pointers to functions.
        get, put = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
        get.restype = put.restype = ctypes.c_void_p
        put.argtypes = [ctypes.c_int, ctypes.c_void_p]
        taker = get(signal.SIGINT)
        signal.signal(signal.SIGINT, at_interrupt)
        put(signal.SIGINT, taker)

    def interrupt(self):
        if self.timer is None:
            return
        # struct itimerspec: no interval, and the time from now.
        once = (self.ctypes.c_long * 4)(0, 0, 0, AGAIN_NANOSECONDS)
        self.libc.timer_settime(self.timer, 0, once, None)


LISTENING = set()


@contextlib.contextmanager
def uninterrupted():
    """Ctrl-C waits for the end of what is done in here."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def listen(registry, function):
    """Has a function called at an event, and takes no Ctrl-C for it."""

    def heard(*event):
        try:
            function(*event)
        except KeyboardInterrupt:
            again.interrupt()

    LISTENING.add(heard.__code__)
    registry.connect(heard)


def at_interrupt(number, frame):
    """A listener goes on to its end. Anything else, a command or a script of the user's, is broken off as ever."""
    at = frame
    while at is not None:
        if at.f_code in LISTENING:
            again.interrupt()
            return
        at = at.f_back
    signal.default_int_handler(number, frame)


again = Again()
