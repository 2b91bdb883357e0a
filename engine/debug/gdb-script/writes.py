# Commands for gdb that go to the store which set some memory.
import re

import gdb


class Write(gdb.Command):
    """A command that goes to a store, the so-manieth from here."""

    def __init__(self, name, request, documentation):
        self.__doc__ = documentation
        super().__init__(name, gdb.COMMAND_RUNNING, gdb.COMPLETE_EXPRESSION)
        self.request = request

    def invoke(self, argument, from_tty):
        expression, count = re.match(r"(.*?)(?:\s+(\d+))?$", argument.strip(), re.DOTALL).groups()
        if not expression:
            raise gdb.GdbError("Of what? %s EXPRESSION [COUNT]" % self.request)
        try:
            value = gdb.parse_and_eval(expression)
            address = value.address
        except gdb.error as error:
            raise gdb.GdbError(str(error))
        if address is None:
            raise gdb.GdbError("%s is not in memory: nothing stores to it." % expression)
        answer = replay.wait_for("%s 0x%x %d %s" % (self.request, int(address), value.type.sizeof, count or 1))
        writes = [line.split("\t") for line in answer.splitlines()]
        if not writes:
            where = "before this place" if self.request == "last-write" else "behind this place"
            raise gdb.GdbError("Nothing changes %s %s." % (expression, where))
        for number, write in enumerate(writes, 1):
            self.show(number, expression, value.type, write)
        if count is not None and len(writes) < int(count):
            gdb.write("There are no more.\n")
        replay.go("seek " + writes[-1][0])

    @staticmethod
    def show(number, expression, type, write):
        position, event, tid, by, before, after = write
        values = [Write.text(bytes.fromhex(each), type) for each in (before, after)]
        gdb.write("#%d %s: %s -> %s\n" % ((number, expression) + tuple(values)))
        place = "the kernel" if int(by, 16) == 0 else Write.place(int(by, 16))
        gdb.write("   by %s, event %s, thread %s, at %s\n" % (place, event, tid, position))

    @staticmethod
    def text(content, type):
        return gdb.Value(content, type).format_string()

    @staticmethod
    def place(pc):
        """Function and line of an instruction, as far as they are known."""
        block = gdb.block_for_pc(pc)
        while block is not None and block.function is None:
            block = block.superblock
        line = gdb.find_pc_line(pc)
        name = "0x%x" % pc if block is None else "%s ()" % block.function.print_name
        return name if line.symtab is None else "%s at %s:%d" % (name, line.symtab.filename, line.line)


class Prefix(gdb.Command):
    """What is asked of the recording: rr last-write, rr next-write."""

    def __init__(self):
        super().__init__("rr", gdb.COMMAND_RUNNING, gdb.COMPLETE_NONE, True)


def define_write_commands():
    Prefix()
    for prefix in ("", "rr "):
        Write(
            prefix + "last-write",
            "last-write",
            "Go back to the store that has set some memory: last-write EXPRESSION [COUNT]\n\n"
            "With a count the last so many are shown, and the earliest of them is gone to.",
        )
        Write(
            prefix + "next-write",
            "next-write",
            "Go on to the store that sets some memory next: next-write EXPRESSION [COUNT]",
        )
