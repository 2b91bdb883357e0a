"""A debugger on a terminal of its own, as a script with pexpect drives it.

Reads {"command": [...], "environment": {...}, "lines": [...]} as JSON; sends each line when the prompt is there, and
writes {"answers": [...], "status": N} as JSON. A line "^C" is the key, and waits until the command before it runs.
"""

import json
import re
import signal
import sys

import pexpect

LIMIT = 60
PROMPT = "(rr) "

given = json.load(sys.stdin)
command = given["command"]
child = pexpect.spawn(
    command[0],
    command[1:],
    env=given["environment"],
    timeout=LIMIT,
    encoding="utf8",
    echo=False,
    dimensions=(200, 200),
)
# The second one is for the lines of `commands`.
prompts = [re.escape(PROMPT), r"(?m)^ *>$", pexpect.EOF]
answers = []


def wait():
    """The text up to the next prompt. False: there is none any more."""
    index = child.expect(prompts)
    answers.append(child.before.replace("\r\n", "\n"))
    return index < len(prompts) - 1


alive = wait()
for line in given["lines"]:
    if not alive:
        raise SystemExit("no prompt for `%s`; the session said:\n%s" % (line, "\n".join(answers)))
    if line.startswith("^C "):
        child.sendline(line[3:])
        child.expect_exact("Continuing.")
        child.sendintr()
    else:
        child.sendline(line)
    alive = wait()
if alive:
    # The terminal goes. However long the session takes to end: pexpect gives it some tenths of a second.
    child.kill(signal.SIGHUP)
    child.wait()
child.close()
json.dump({"answers": answers, "status": child.exitstatus}, sys.stdout)
