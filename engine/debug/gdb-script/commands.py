# Commands for gdb that speak of a recording. Each asks the replay by `monitor`.
import re

import gdb


class Replay:
    """What speaks to the replay, and what is remembered here of it."""

    oldest = (10, 1)

    def __init__(self):
        self.checkpoints = {}
        self.places = []
        self.place = -1
        self.keeps_places = True
        self.shown_settings = {}

    def ask(self, line):
        """The answer's text. What the replay refuses is an error of the command."""
        try:
            answer = gdb.execute("monitor " + line, to_string=True)
        except gdb.error as error:
            if "not supported by this target" in str(error):
                raise gdb.GdbError("No recording is being replayed here.")
            raise gdb.GdbError(str(error))
        if answer.startswith("rr: "):
            raise gdb.GdbError(answer[4:].rstrip("\n"))
        return answer

    def go(self, line):
        """Has the replay go elsewhere: it does at the next resume, and runs nothing then."""
        self.ask(line)
        gdb.execute("continue")
        self.leave_others()

    def leave_others(self):
        """gdb makes another inferior of another process. One process is looked at at a time: the former ones go."""
        current = gdb.selected_inferior().num
        for inferior in gdb.inferiors():
            if inferior.num != current:
                if inferior.pid != 0:
                    gdb.execute("detach inferiors %d" % inferior.num, to_string=True)
                gdb.execute("remove-inferiors %d" % inferior.num)

    def where(self):
        """The innermost frame in a few words."""
        try:
            frame = gdb.newest_frame()
            address = "0x%x" % frame.pc()
            name = frame.name()
            line = frame.find_sal()
            if name is None:
                return address
            if line.symtab is None:
                return "%s in %s ()" % (address, name)
            return "%s () at %s:%d" % (name, line.symtab.filename, line.line)
        except gdb.error as error:
            return str(error)

    def remember_place(self, _event):
        """Where the user was, for back and forward."""
        if not self.keeps_places:
            return
        try:
            position = self.ask("when-position").strip()
        except gdb.GdbError:
            return
        if self.place >= 0 and self.places[self.place] == position:
            return
        del self.places[self.place + 1 :]
        self.places.append(position)
        self.place = len(self.places) - 1

    def move(self, step):
        target = self.place + step
        if not 0 <= target < len(self.places):
            raise gdb.GdbError("No %s place." % ("earlier" if step < 0 else "later"))
        self.keeps_places = False
        try:
            self.go("seek " + self.places[target])
            self.place = target
        finally:
            self.keeps_places = True


replay = Replay()


class Say(gdb.Command):
    """A command that shows what the replay answers."""

    def __init__(self, name, line=None, category=gdb.COMMAND_STATUS):
        self.__doc__ = "Of the recording: " + name + "."
        super().__init__(name, category)
        self.line = line or name

    def invoke(self, argument, from_tty):
        gdb.write(replay.ask(self.line))


class Go(gdb.Command):
    """A command that goes to another place of the recording."""

    def __init__(self, name, documentation, without, with_argument, completer=gdb.COMPLETE_NONE):
        self.__doc__ = documentation
        super().__init__(name, gdb.COMMAND_RUNNING, completer)
        self.without = without
        self.with_argument = with_argument

    def invoke(self, argument, from_tty):
        argument = argument.strip()
        if argument:
            replay.go("%s %s" % (self.with_argument, argument))
        elif self.without is None:
            raise gdb.GdbError("Where to? " + self.__doc__.splitlines()[0])
        else:
            replay.go(self.without)


class Start(gdb.Command):
    """Go to the beginning, and on to main."""

    def __init__(self):
        super().__init__("start", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        replay.go("seek begin")
        gdb.execute("tbreak main")
        gdb.execute("continue")


class Checkpoint(gdb.Command):
    """Remember this place: restart N comes back to it."""

    def __init__(self):
        super().__init__("checkpoint", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        number = replay.ask("checkpoint").split("\t")[0]
        replay.checkpoints[number] = replay.where()
        gdb.write("Checkpoint %s at %s\n" % (number, replay.checkpoints[number]))


class InfoCheckpoints(gdb.Command):
    """The places that were remembered by checkpoint."""

    def __init__(self):
        super().__init__("info checkpoints", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        lines = replay.ask("checkpoints").splitlines()
        if not lines:
            gdb.write("No checkpoints.\n")
            return
        gdb.write("ID\tWhen\tWhere\n")
        for line in lines:
            number, event, _process, _position, address = line.split("\t")
            gdb.write("%s\t%s\t%s\n" % (number, event, replay.checkpoints.get(number, address)))


class DeleteCheckpoint(gdb.Command):
    """Forget a checkpoint, or several: delete checkpoint N..."""

    def __init__(self):
        super().__init__("delete checkpoint", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        numbers = argument.split()
        if not numbers:
            raise gdb.GdbError("Which? delete checkpoint N")
        for number in numbers:
            replay.ask("delete-checkpoint " + number)
            replay.checkpoints.pop(number, None)
            gdb.write("Deleted checkpoint %s.\n" % number)


class Move(gdb.Command):
    def __init__(self, name, documentation, step):
        self.__doc__ = documentation
        super().__init__(name, gdb.COMMAND_RUNNING)
        self.step = step

    def invoke(self, argument, from_tty):
        replay.move(self.step)


# What has another sense here than in a program that runs.
SETTINGS = {
    "follow-fork-mode": "One process is looked at at a time: `process PID` goes to another.",
    "detach-on-fork": "One process is looked at at a time: `process PID` goes to another.",
    "scheduler-locking": "The recording says which thread runs when: scheduler-locking changes nothing.",
}


def tell_of_settings():
    """Says once what a setting that the user has changed means here."""
    for name, sentence in SETTINGS.items():
        value = gdb.parameter(name)
        if replay.shown_settings.setdefault(name, value) != value:
            replay.shown_settings[name] = value
            gdb.write(sentence + "\n")


def define_commands():
    for name in ("when", "when-ticks", "when-tid", "when-end", "when-position", "elapsed-time", "absolute-time"):
        Say(name)
    Say("info recording", "recording")
    Go("run", "Go to the beginning, or to an event: run [EVENT]", "seek begin", "seek")
    Go("starti", "Go to the beginning.", "seek begin", "seek")
    Go("restart", "Go to a checkpoint, or to the beginning: restart [N]", "seek begin", "seek-checkpoint")
    Go("seek", "Go to a place, as when-position tells it, an event, begin or end: seek POSITION", None, "seek")
    Go("seek-ticks", "Go where the task has that many ticks: seek-ticks N", None, "seek-ticks")
    Go("process", "Look at another process of the recording: process PID|NAME", None, "process")
    Start()
    Checkpoint()
    InfoCheckpoints()
    DeleteCheckpoint()
    Move("back", "Go to where you were before.", -1)
    Move("forward", "Go to where you were before `back`.", 1)
    gdb.events.stop.connect(replay.remember_place)
    gdb.events.before_prompt.connect(tell_of_settings)


version = tuple(int(part) for part in re.findall(r"\d+", gdb.VERSION)[:2])
if version < Replay.oldest:
    gdb.write("rr: gdb %s is too old: %d.%d or newer is wanted; -d names another\n" % ((gdb.VERSION,) + Replay.oldest))
    gdb.execute("quit 1")
else:
    define_commands()
    try:
        if gdb.parameter("debuginfod enabled") == "ask":
            gdb.execute("set debuginfod enabled off")
    except RuntimeError:
        pass  # A gdb that knows no debuginfod.
