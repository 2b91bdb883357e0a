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
        """The answer's text, which comes soon. What the replay refuses is an error of the command."""
        try:
            with uninterrupted():
                answer = gdb.execute("monitor " + line, to_string=True)
        except gdb.error as error:
            if "not supported by this target" in str(error):
                raise gdb.GdbError("No recording is being replayed here.")
            raise gdb.GdbError(str(error))
        if answer.startswith("rr: "):
            raise gdb.GdbError(answer[4:].rstrip("\n"))
        return answer

    def wait_for(self, line):
        """The answer's text, which may take long. Ctrl-C ends the command."""
        self.ask("begin " + line)
        try:
            while True:
                state, _, text = self.ask("outcome").partition("\n")
                if state == "done":
                    return text
        except KeyboardInterrupt:
            self.ask("give-up")
            raise

    def go(self, line):
        """Has the replay go elsewhere: it does at the next resume, and runs nothing then. Forwards gdb might take that
        resume for a step of its own over a breakpoint, and bear no other thread to stop (infrun.c, proceed)."""
        self.ask(line)
        gdb.execute("reverse-continue")
        # Where `catch exec` has stopped gdb on the way.
        while self.ask("arriving") == "yes\n":
            gdb.execute("reverse-continue")
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
        position = self.place_here()
        if position is None or (self.place >= 0 and self.places[self.place] == position):
            return
        del self.places[self.place + 1 :]
        self.places.append(position)
        self.place = len(self.places) - 1

    def place_here(self):
        """The place as text, or None where no recording is replayed. For listeners to stops: a command of gdb's would run
        the commands of the breakpoint that was met, before gdb has deleted a temporary one and others hear of the stop
        (gdb 13, execute_gdb_command)."""
        connection = getattr(gdb.selected_inferior(), "connection", None)
        if hasattr(connection, "send_packet"):
            with uninterrupted():
                answer = connection.send_packet("qRR.Place")
            return None if answer is None or answer.startswith(b"E") else bytes.fromhex(answer.decode()).decode()
        try:  # Before gdb 12.
            return self.ask("when-place").strip()
        except gdb.GdbError:
            return None

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


class Sleepers:
    """Breakpoints that gdb disables because the program that is looked at lacks their place: they come back with it."""

    def __init__(self):
        self.wanted = {}
        self.program = None
        # What gdb has set going since the last stop. That is noted without any Python (interrupts.py).
        self.resumed = []
        gdb.events.cont.connect(self.resumed.append)
        listen(gdb.events.breakpoint_created, self.note)
        listen(gdb.events.breakpoint_modified, self.note)
        listen(gdb.events.breakpoint_deleted, lambda breakpoint: self.wanted.pop(breakpoint.number, None))
        listen(gdb.events.stop, self.end)
        # An exec on the way to somewhere else is no stop.
        listen(gdb.events.new_objfile, self.wake)

    def note(self, breakpoint):
        number = breakpoint.number
        is_read = gdb.current_progspace().filename == self.program
        # While the program runs, gdb disables what it has no place for, or where the new program is not read yet.
        if not self.resumed or number not in self.wanted or (is_read and (breakpoint.enabled or self.has_place(breakpoint))):
            self.wanted[number] = breakpoint.enabled

    def end(self, event):
        self.wake(event)
        self.resumed.clear()

    def wake(self, _event):
        program = gdb.current_progspace().filename
        if program == self.program:
            return
        self.program = program
        for breakpoint in gdb.breakpoints():
            if self.wanted.get(breakpoint.number) and not breakpoint.enabled and self.has_place(breakpoint):
                breakpoint.enabled = True

    @staticmethod
    def has_place(breakpoint):
        try:
            return breakpoint.location is not None and len(gdb.decode_line(breakpoint.location)) > 0
        except gdb.error:
            return False


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
        replay.go("seek start")
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


def split_condition(argument):
    """What stands before `if`, and what behind it; the latter None where there is none."""
    before, found, behind = re.match(r"(.*?)(?:(?:^|\s)(if)\b(.*))?$", argument.strip(), re.DOTALL).groups()
    return before.strip(), behind.strip() if found else None


def do(line):
    """A command of gdb's. What it says is wrong, ours says."""
    try:
        gdb.execute(line)
    except gdb.error as error:
        raise gdb.GdbError(str(error))


def tell(remarks):
    for remark in remarks:
        gdb.write("Note: %s.\n" % remark)


def send_characters(breakpoint):
    """gdb evaluates a condition with a character itself, at each hit: as a number the replay can."""
    if breakpoint.type not in (gdb.BP_BREAKPOINT, getattr(gdb, "BP_HARDWARE_BREAKPOINT", None)):
        return
    condition = breakpoint.condition
    if condition is not None and with_numbers(condition) != condition:
        breakpoint.condition = with_numbers(condition)


class Break(gdb.Command):
    """Set a breakpoint whose condition the replay evaluates: rr-break LOCATION [thread N] [if CONDITION]

    The condition may also compare texts (strcmp, strncmp, memcmp, $_streq), floating-point variables and thread-local
    variables. A convenience variable counts with the value that it has now."""

    def __init__(self):
        super().__init__("rr-break", gdb.COMMAND_BREAKPOINTS, gdb.COMPLETE_LOCATION)

    def invoke(self, argument, from_tty):
        place, condition = split_condition(argument)
        location = re.sub(r"\s+(thread|task)\s+\S+$", "", place)
        if condition is None:
            do("break " + place)
            return
        try:
            written, remarks = write_condition(condition, gdb.block_for_pc(self.address(location)))
            self.check(location, written)
        except CannotSend as error:
            raise gdb.GdbError("%s. `break %s if ...` has gdb evaluate what it can, at 2 ms a hit." % (error, place))
        do("break %s if %s" % (place, written))
        tell(remarks)

    @staticmethod
    def address(location):
        try:
            sals = gdb.decode_line(location)[1] if location else gdb.decode_line()[1]
            return sals[0].pc
        except (gdb.error, TypeError) as error:
            raise gdb.GdbError("%s Set it when its library is there." % str(error))

    @staticmethod
    def check(location, condition):
        """Raises CannotSend where gdb makes no bytecode of it."""
        at = "-at %s, " % location if location else ""
        try:
            gdb.execute("maint agent-eval %s%s" % (at, condition), to_string=True)
        except gdb.error as error:
            raise CannotSend(str(error).rstrip("."))


class Watch(gdb.Command):
    """Set a watchpoint, with what rr-break has for conditions: rr-watch [-l] EXPRESSION [if CONDITION]"""

    def __init__(self):
        super().__init__("rr-watch", gdb.COMMAND_BREAKPOINTS, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        expression, condition = split_condition(argument)
        if not expression:
            raise gdb.GdbError("Watch what? rr-watch EXPRESSION [if CONDITION]")
        remarks = []
        if condition is not None:
            try:
                block = gdb.selected_frame().block()
            except (gdb.error, RuntimeError):
                block = None  # Code without symbols: globals alone.
            try:
                condition, remarks = write_condition(condition, block)
            except CannotSend as error:
                raise gdb.GdbError("%s. `watch %s if ...` has gdb evaluate what it can." % (error, expression))
        do("watch " + expression + ("" if condition is None else " if " + condition))
        tell(remarks)


class Move(gdb.Command):
    def __init__(self, name, documentation, step):
        self.__doc__ = documentation
        super().__init__(name, gdb.COMMAND_RUNNING)
        self.step = step

    def invoke(self, argument, from_tty):
        replay.move(self.step)


class Refuse(gdb.Command):
    """A command of gdb's that makes no sense on a recording: says what to do instead."""

    def __init__(self, name, sentence):
        self.__doc__ = sentence
        super().__init__(name, gdb.COMMAND_RUNNING)
        self.sentence = sentence

    def invoke(self, argument, from_tty):
        raise gdb.GdbError(self.sentence)


FIXED = "The program does what was recorded, and cannot be sent elsewhere: "
FORKS = "A fork is a system call here: `catch syscall fork vfork clone clone3`; `process PID` goes to the child."
REFUSED = {
    "attach": "This is a recording: `process PID` looks at another of its processes, which `monitor processes` lists.",
    "jump": FIXED + "`call FUNCTION(...)` runs a function in a copy, `seek POSITION` goes to another place.",
    "return": FIXED + "`finish` and `reverse-finish` go out of the function.",
    "signal": FIXED + "the recorded signals act as they did; `continue` goes on.",
    "queue-signal": FIXED + "the recorded signals act as they did; `continue` goes on.",
    "record": "All is recorded already: `reverse-continue`, `reverse-step` and their kin work here.",
    "load": FIXED + "a changed program has to be recorded again.",
    "catch fork": FORKS,
    "catch vfork": FORKS,
    "tcatch fork": FORKS,
    "tcatch vfork": FORKS,
    "tstart": "There are no tracepoints here: `break` with `commands` shows values at each arrival.",
}

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
    Say("info record", "recording")
    Go("run", "Go to the beginning of the program, or to an event: run [EVENT]", "seek start", "seek")
    Go("starti", "Go to the beginning of the program.", "seek start", "seek")
    Go("restart", "Go to a checkpoint, or to the beginning of the program: restart [N]", "seek start", "seek-checkpoint")
    Go("seek", "Go to a place, as when-position tells it, an event, begin or end: seek POSITION", None, "seek")
    Go("seek-ticks", "Go where the task has that many ticks: seek-ticks N", None, "seek-ticks")
    Go("process", "Look at another process of the recording: process PID|NAME", None, "process")
    Start()
    Checkpoint()
    InfoCheckpoints()
    DeleteCheckpoint()
    Break()
    Watch()
    define_write_commands()
    for name, sentence in REFUSED.items():
        Refuse(name, sentence)
    Move("back", "Go to where you were before.", -1)
    Move("forward", "Go to where you were before `back`.", 1)
    listen(gdb.events.stop, replay.remember_place)
    listen(gdb.events.breakpoint_created, send_characters)
    listen(gdb.events.breakpoint_modified, send_characters)
    Sleepers()
    listen(gdb.events.before_prompt, tell_of_settings)


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
