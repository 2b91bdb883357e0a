"""`rr replay` on a terminal, from a shell: what stays behind when it ends in each of the ways in which it can.

terminal.py RR TRACE SCENARIO; prints nothing when all is as it should be.
"""

import os
import signal
import subprocess
import sys
import time

import pexpect

rr, trace, scenario = sys.argv[1:]
LIMIT = 60


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self):
        environment = dict(os.environ, PS1="SHELL> ", TERM="dumb", HOME="/nonexistent")
        self.child = pexpect.spawn(
            "/bin/bash", ["--norc", "--noprofile", "-i"], env=environment, timeout=LIMIT, encoding="utf8", echo=False
        )
        self.prompt()
        self.settings = self.terminal()

    def prompt(self):
        self.child.expect_exact("SHELL> ")
        return self.child.before

    def run(self, line):
        self.child.sendline(line)
        return self.prompt()

    def terminal(self):
        return self.run("stty -g").strip()

    def replay(self, options=""):
        self.child.sendline("%s replay %s %s -- -nx; echo STATUS=$?" % (rr, options, trace))
        self.child.expect_exact("(rr) ")

    def command(self, line):
        self.child.sendline(line)
        self.child.expect_exact("(rr) ")
        return self.child.before

    def status(self):
        self.child.expect(r"STATUS=(\d+)")
        status = int(self.child.match.group(1))
        self.prompt()
        return status


def processes():
    """Those of this replay: pid to command."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open("/proc/%s/stat" % name) as file:
                state = file.read().rsplit(")", 1)[1].split()[0]
            with open("/proc/%s/cmdline" % name, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if state != "Z" and (trace.encode() in words or b"replay-stub" in words or is_gdb(name, words)):
            found[int(name)] = words
    return found


def is_gdb(name, words):
    """A debugger of ours: its parent's command line has the trace, or it reads our file."""
    return os.path.basename(words[0]) == b"gdb" and any(b"rr-debug-" in word for word in words)


def one(kind):
    """The pid of gdb, or of rr."""
    for pid, words in processes().items():
        if (os.path.basename(words[0]) == b"gdb") == (kind == "gdb") and b"replay-stub" not in words:
            if kind == "gdb" or b"replay" in words:
                return pid
    raise AssertionError("no %s among %s" % (kind, processes()))


def wait_for_no_processes(before):
    limit = time.monotonic() + 10
    while set(processes()) - set(before):
        assert time.monotonic() < limit, "left behind: %s" % processes()
        time.sleep(0.02)


def check(shell, before):
    assert shell.terminal() == shell.settings, "the terminal is not as it was"
    wait_for_no_processes(before)


def quit_():
    shell.replay()
    assert "Completed event: " in shell.command("when")
    shell.child.sendline("quit")
    assert shell.status() == 0


def end_of_input():
    shell.replay()
    shell.child.sendeof()
    assert shell.status() == 0


def interrupt_at_prompt():
    shell.replay()
    shell.child.sendintr()
    shell.child.expect_exact("(rr) ")
    assert "Completed event: " in shell.command("when")
    shell.child.sendline("quit")
    assert shell.status() == 0


def suspend():
    shell.replay()
    shell.child.send("\x1a")
    shell.prompt()
    shell.child.sendline("fg; echo STATUS=$?")
    shell.child.sendline("when")
    shell.child.expect("Completed event: ")
    shell.child.expect_exact("(rr) ")
    shell.child.sendline("quit")
    assert shell.status() == 0


def kill_gdb():
    shell.replay()
    os.kill(one("gdb"), signal.SIGKILL)
    assert shell.status() == 128 + signal.SIGKILL


def kill_rr():
    shell.replay()
    os.kill(one("rr"), signal.SIGKILL)
    assert shell.status() == 128 + signal.SIGKILL


def terminate_rr():
    shell.replay()
    os.kill(one("rr"), signal.SIGTERM)
    assert shell.status() == 128 + signal.SIGTERM


def hang_up():
    shell.replay()
    shell.child.close(force=True)


def interrupt_running():
    """Ctrl-C while the program computes without an end."""
    shell.replay()
    shell.child.sendline("continue")
    shell.child.expect_exact("Continuing.")
    time.sleep(0.3)
    shell.child.sendintr()
    shell.child.expect("received signal SIGINT")
    shell.child.expect_exact("(rr) ")
    assert "Completed event: " in shell.command("when")
    shell.child.sendline("quit")
    assert shell.status() == 0


already = processes()
shell = Shell()
globals()[scenario]()
if scenario == "hang_up":
    wait_for_no_processes(already)
else:
    check(shell, already)
