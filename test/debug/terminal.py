"""`rr replay` from a shell on a terminal: what stays behind when it ends in each of the ways in which it can.

terminal.py RR TRACE SCENARIO; prints nothing when all is as it should be.
"""

import ctypes
import os
import signal
import sys
import time

import pexpect

rr, trace, scenario = sys.argv[1:]
LIMIT = 60
PR_SET_CHILD_SUBREAPER = 36


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self):
        environment = dict(os.environ, PS1="SHELL> ", TERM="dumb", HOME="/proc/nonexistent")
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


def parents():
    """Of each process that is no zombie: its parent and its command."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name) as file:
                state, parent = file.read().rsplit(")", 1)[1].split()[:2]
            with open("/proc/%s/cmdline" % name, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if state not in "ZX":
            found[int(name)] = (int(parent), words)
    return found


def descendants():
    """Ours, whoever their parents were: an orphan becomes our child."""
    known = parents()
    found = {}
    for pid, (parent, words) in known.items():
        while parent in known and parent != os.getpid():
            parent = known[parent][0]
        if parent == os.getpid():
            found[pid] = words
    return found


def one(program):
    """The pid of the one process of ours with that program: gdb, or rr as it was started."""
    for pid, words in descendants().items():
        is_gdb = os.path.basename(words[0]) == b"gdb"
        if (is_gdb and program == "gdb") or (not is_gdb and program == "rr" and b"replay" in words):
            return pid
    raise AssertionError("no %s among %s" % (program, descendants()))


def wait_for_none_but(expected):
    limit = time.monotonic() + 10
    while True:
        left = {pid: words for pid, words in descendants().items() if pid not in expected}
        if not left:
            return
        assert time.monotonic() < limit, "left behind: %s" % left
        time.sleep(0.02)


def quit_(shell):
    shell.replay()
    assert "Completed event: " in shell.command("when")
    shell.child.sendline("quit")
    assert shell.status() == 0


def end_of_input(shell):
    shell.replay()
    shell.child.sendeof()
    assert shell.status() == 0


def interrupt_at_prompt(shell):
    shell.replay()
    shell.child.sendintr()
    shell.child.expect_exact("(rr) ")
    assert "Completed event: " in shell.command("when")
    shell.child.sendline("quit")
    assert shell.status() == 0


def interrupt_running(shell):
    """Ctrl-C while the program computes, and at other moments in which gdb sets it going."""
    shell.replay()
    shell.command("break main")
    shell.command("continue")
    shell.child.delaybeforesend = None
    # gdb says so before it resumes the program: until then it takes Ctrl-C itself, and gives up the command.
    answers = []
    while len(answers) < 12 or answers[-1] == 1:
        shell.child.sendline("continue")
        shell.child.expect_exact("Continuing.")
        time.sleep(len(answers) * 0.001)
        shell.child.sendintr()
        answers.append(shell.child.expect(["received signal SIGINT", "Quit"]))
        shell.child.expect_exact("(rr) ")
    assert "Completed event: " in shell.command("when")
    assert "main" in shell.command("backtrace")
    shell.child.sendline("quit")
    assert shell.status() == 0


def suspend(shell):
    shell.replay()
    shell.child.send("\x1a")
    shell.prompt()
    assert shell.terminal() == shell.settings, "the terminal is not as it was while rr is suspended"
    shell.child.sendline("fg; echo STATUS=$?")
    shell.child.sendline("when")
    shell.child.expect("Completed event: ")
    shell.child.expect_exact("(rr) ")
    shell.child.sendline("quit")
    assert shell.status() == 0


def kill_gdb(shell):
    shell.replay()
    os.kill(one("gdb"), signal.SIGKILL)
    assert shell.status() == 128 + signal.SIGKILL


def kill_rr(shell):
    shell.replay()
    os.kill(one("rr"), signal.SIGKILL)
    assert shell.status() == 128 + signal.SIGKILL
    # The shell prompts when rr has gone, and gdb puts the terminal back when it hears of that: nothing orders the two.
    # The shell sets its own editing up again with each prompt.
    wait_for_none_but([shell.child.pid])
    shell.run("")


def terminate_rr(shell):
    shell.replay()
    os.kill(one("rr"), signal.SIGTERM)
    assert shell.status() == 128 + signal.SIGTERM


def hang_up(shell):
    shell.replay()
    rr_pid = one("rr")
    shell.child.close(force=True)
    wait_for_none_but([])
    # SIGHUP, and not what Node does where it finds no terminal to set back.
    _, status = os.waitpid(rr_pid, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGHUP, "rr ended by status %d" % status


if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
    raise SystemExit("no orphans can be waited for here")
shell = Shell()
globals()[scenario](shell)
if scenario != "hang_up":
    wait_for_none_but([shell.child.pid])
    assert shell.terminal() == shell.settings, "the terminal is not as it was"
