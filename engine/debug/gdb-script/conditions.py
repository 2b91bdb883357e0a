# Conditions written anew, so that the replay evaluates them and gdb is not asked at each hit. gdb sends a condition as
# bytecode of integers (its manual, "Agent Expressions"). Texts, floating point, convenience variables and thread-locals
# are none of those; here they are put as comparisons of characters, bits and constants.
import re
import struct

import gdb

TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>0[xX][0-9a-fA-F]+[uUlL]*|(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?[fF]?|\d+[uUlL]*)
  | (?P<text>"(?:[^"\\]|\\.)*")
  | (?P<character>'(?:[^'\\]|\\.)+')
  | (?P<name>(?:::)?[A-Za-z_]\w*(?:::[A-Za-z_~]\w*)*)
  | (?P<variable>\$\w+)
  | (?P<operator>->|\+\+|--|<<=|>>=|<<|>>|&&|\|\||[-+*/%&|^<>=!]=|[-+*/%&|^~!<>=?:.,()\[\]])
)""",
    re.VERBOSE,
)
BINARY = [
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", ">", "<=", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
]
COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
TYPE_WORDS = set("struct union enum unsigned signed char short int long float double void const volatile bool".split())
ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}
LONGEST_TEXT = 200


class CannotSend(Exception):
    """What of a condition the replay cannot evaluate, and what to do instead."""


class Node:
    def __init__(self, kind, value=None, *parts):
        self.kind = kind
        self.value = value
        self.parts = parts


class Parser:
    """C expressions, as far as conditions have them."""

    def __init__(self, text):
        self.tokens = []
        at = 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if match is None:
                raise CannotSend("`%s` is not understood" % text[at:].strip())
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        self.at = 0

    def peek(self, ahead=0):
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ("end", "")

    def take(self, wanted=None):
        token = self.peek()
        if wanted is not None and token[1] != wanted:
            raise CannotSend("`%s` is missing before `%s`" % (wanted, token[1] or "the end"))
        self.at += 1
        return token

    def whole(self):
        node = self.choice()
        if self.peek()[0] != "end":
            raise CannotSend("`%s` is not understood: a condition compares, and changes nothing" % self.peek()[1])
        return node

    def choice(self):
        condition = self.binary(0)
        if self.peek()[1] != "?":
            return condition
        self.take()
        first = self.choice()
        self.take(":")
        return Node("choice", None, condition, first, self.choice())

    def binary(self, level):
        if level == len(BINARY):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek()[0] == "operator" and self.peek()[1] in BINARY[level]:
            operator = self.take()[1]
            left = Node("binary", operator, left, self.binary(level + 1))
        return left

    def unary(self):
        kind, text = self.peek()
        if kind == "operator" and text in ("!", "~", "-", "+", "*", "&"):
            self.take()
            return Node("unary", text, self.unary())
        if text == "(":
            cast = self.cast()
            if cast is not None:
                return Node("cast", cast, self.unary())
        return self.postfix(self.primary())

    def cast(self):
        """The text of a type in parentheses that comes next; None: it is none."""
        ahead = 1
        words = []
        while self.peek(ahead)[0] == "name" or self.peek(ahead)[1] in ("*", "&"):
            words.append(self.peek(ahead)[1])
            ahead += 1
        if not words or self.peek(ahead)[1] != ")" or words[0] in ("*", "&"):
            return None
        if words[0] not in TYPE_WORDS and not is_type(words[0]):
            return None
        self.at += ahead + 1
        return " ".join(words)

    def primary(self):
        kind, text = self.take()
        if kind == "name" and text == "sizeof":
            raise CannotSend("`sizeof` is not understood: write the number")
        if kind in ("number", "text", "character", "name", "variable"):
            return Node(kind, text)
        if text == "(":
            inner = self.choice()
            self.take(")")
            return Node("group", None, inner)
        raise CannotSend("`%s` is not understood" % (text or "the end"))

    def postfix(self, node):
        while self.peek()[0] == "operator":
            text = self.peek()[1]
            if text in (".", "->"):
                self.take()
                node = Node("member", text, node, self.take()[1])
            elif text == "[":
                self.take()
                node = Node("index", None, node, self.choice())
                self.take("]")
            elif text == "(":
                node = Node("call", None, node, *self.arguments())
            else:
                break
        return node

    def arguments(self):
        self.take("(")
        found = []
        while self.peek()[1] != ")":
            found.append(self.choice())
            if self.peek()[1] == ",":
                self.take()
        self.take(")")
        return found


def is_type(name):
    try:
        gdb.lookup_type(name)
        return True
    except gdb.error:
        return False


def unquoted(text):
    """The bytes of a text in quotes."""
    found = []
    rest = text[1:-1]
    while rest:
        match = re.match(r"\\x([0-9a-fA-F]{1,2})|\\([0-7]{1,3})|\\(.)", rest)
        if match is None:
            found.extend(rest[0].encode())
            rest = rest[1:]
            continue
        hexadecimal, octal, other = match.groups()
        if hexadecimal is not None:
            found.append(int(hexadecimal, 16))
        elif octal is not None:
            found.append(int(octal, 8) & 255)
        else:
            found.append(ESCAPES.get(other, ord(other)))
        rest = rest[match.end() :]
    return found


def number_of_character(literal):
    """A character as its number: gdb sends numbers alone. What is no single byte stays."""
    found = unquoted(literal)
    return str((found[0] ^ 128) - 128) if len(found) == 1 else literal


def with_numbers(condition):
    """The same condition with numbers for characters; texts in it stay."""
    parts = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w\'])\'(?:[^\'\\]|\\.+?)\'(?![\w:])')
    return parts.sub(lambda each: number_of_character(each[0]) if each[0][0] == "'" else each[0], condition)


class FloatFormat:
    """A floating-point type, whose values are ordered as its `key`s are (IEEE 754)."""

    def __init__(self, name, integer, pack, bits, infinity):
        self.name = name
        self.integer = integer
        self.pack = pack
        self.bits = bits
        self.infinity = infinity
        self.magnitude = (1 << (bits - 1)) - 1

    def image(self, place):
        return "(*(%s *)&(%s))" % (self.integer, place)

    def key(self, place):
        image = self.image(place)
        return "(%s ^ ((%s >> %d) & %d))" % (image, image, self.bits - 1, self.magnitude)

    def is_number(self, place):
        return "((%s & %d) <= %d)" % (self.image(place), self.magnitude, self.infinity)

    def is_zero(self, place):
        return "((%s & %d) == 0)" % (self.image(place), self.magnitude)

    def constant(self, value):
        """The constant nearest to a number, and its key."""
        try:
            packed = struct.pack("<" + self.pack, value)
        except OverflowError:
            raise CannotSend("%r is no %s" % (value, self.name))
        image = int.from_bytes(packed, "little", signed=True)
        return struct.unpack("<" + self.pack, packed)[0], image if image >= 0 else image ^ self.magnitude


FLOATS = {
    "float": FloatFormat("float", "int", "f", 32, 0x7F800000),
    "double": FloatFormat("double", "long", "d", 64, 0x7FF0000000000000),
}


class Writer:
    """Writes a condition anew for a place in the code."""

    def __init__(self, block):
        self.block = block
        self.remarks = []

    # Types, where they matter: undefined for what is none of a variable.

    def symbol(self, name):
        return gdb.lookup_symbol(name, self.block)[0] if self.block is not None else gdb.lookup_global_symbol(name)

    def type_of(self, node):
        if node.kind == "group":
            return self.type_of(node.parts[0])
        if node.kind == "name":
            symbol = self.symbol(node.value)
            return None if symbol is None or symbol.type is None else symbol.type.strip_typedefs()
        if node.kind == "cast":
            try:
                return gdb.parse_and_eval("(%s)0" % node.value).type.strip_typedefs()
            except gdb.error:
                return None
        if node.kind == "member":
            owner = self.type_of(node.parts[0])
            if owner is not None and owner.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF):
                owner = owner.target().strip_typedefs()
            if owner is None or owner.code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
                return None
            return next((each.type.strip_typedefs() for each in owner.fields() if each.name == node.parts[1]), None)
        if node.kind == "index" or (node.kind == "unary" and node.value == "*"):
            owner = self.type_of(node.parts[0])
            if owner is None or owner.code not in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ARRAY):
                return None
            return owner.target().strip_typedefs()
        return None

    def float_of(self, node):
        """The format of a floating-point variable; None of anything else."""
        found = self.type_of(node)
        if found is None or found.code != gdb.TYPE_CODE_FLT:
            return None
        name = found.unqualified().name
        if name not in FLOATS:
            raise CannotSend("a %s cannot be compared here" % name)
        return FLOATS[name]

    # Writing.

    def truth(self, node):
        """The node where it counts whether it is zero."""
        if node.kind == "group":
            return "(%s)" % self.truth(node.parts[0])
        if node.kind == "unary" and node.value == "!":
            return "!" + self.truth(node.parts[0])
        if node.kind == "binary" and node.value in ("&&", "||"):
            return "(%s %s %s)" % (self.truth(node.parts[0]), node.value, self.truth(node.parts[1]))
        compared = self.comparison_of_texts(node)
        if compared is not None:
            return compared if self.is_equality(node) else "(!%s)" % compared
        if self.float_of(node) is not None:
            return self.comparison_of_floats("!=", node, Node("number", "0.0"))
        return self.value(node)

    def value(self, node):
        parts = node.parts
        if node.kind == "number":
            if re.search(r"[.eE]", node.value) and not node.value.lower().startswith("0x"):
                raise CannotSend("%s: floating point can be compared with a variable, and nothing else" % node.value)
            return node.value
        if node.kind == "character":
            return number_of_character(node.value)
        if node.kind == "text":
            raise CannotSend("%s can be compared by strcmp, strncmp or $_streq alone" % node.value)
        if node.kind == "name":
            return self.name(node)
        if node.kind == "variable":
            return self.variable(node.value)
        if node.kind == "group":
            return "(%s)" % self.value(parts[0])
        if node.kind == "cast":
            return "((%s)%s)" % (node.value, self.value(parts[0]))
        if node.kind == "member":
            return "%s%s%s" % (self.value(parts[0]), node.value, parts[1])
        if node.kind == "index":
            return "%s[%s]" % (self.value(parts[0]), self.value(parts[1]))
        if node.kind == "choice":
            return "(%s ? %s : %s)" % (self.truth(parts[0]), self.value(parts[1]), self.value(parts[2]))
        if node.kind == "call":
            compared = self.comparison_of_texts(node)
            if compared is None or not self.is_equality(node):
                raise CannotSend(self.about_call(node))
            return compared
        if node.kind == "unary":
            if node.value == "!":
                return self.truth(node)
            return "(%s%s)" % (node.value, self.value(parts[0]))
        return self.binary(node)

    def binary(self, node):
        left, right = node.parts
        operator = node.value
        if operator in ("&&", "||"):
            return self.truth(node)
        if operator in ("==", "!="):
            for call, other in ((left, right), (right, left)):
                compared = self.comparison_of_texts(call)
                if compared is None or other.kind != "number" or int(other.value, 0) != 0 or self.is_equality(call):
                    continue
                return compared if operator == "==" else "(!%s)" % compared
        if operator in COMPARISONS and (self.float_of(left) is not None or self.float_of(right) is not None):
            return self.comparison_of_floats(operator, left, right)
        if self.float_of(left) is not None or self.float_of(right) is not None:
            raise CannotSend("`%s` of floating point: a variable can be compared, and nothing else" % operator)
        return "(%s %s %s)" % (self.value(left), operator, self.value(right))

    def name(self, node):
        name = node.value
        thread_local = self.thread_local(name)
        return name if thread_local is None else thread_local

    def thread_local(self, name):
        """A thread-local variable by its distance from the thread pointer; None: it is another."""
        symbol = self.symbol(name)
        if symbol is not None and (symbol.is_argument or symbol.needs_frame):
            return None
        try:
            told = gdb.execute("info address " + name, to_string=True)
        except gdb.error:
            return None
        if "thread-local" not in told:
            return None
        try:
            distance = int(gdb.parse_and_eval("(long)&%s" % name)) - int(gdb.parse_and_eval("$fs_base"))
        except gdb.error as error:
            raise CannotSend("%s: %s; go where the thread has it first" % (name, error))
        # A library that was opened late has its variables elsewhere in each thread.
        if not -(1 << 20) < distance < 0:
            raise CannotSend("%s lies elsewhere in each thread" % name)
        kind = "int" if symbol is None or symbol.type is None else str(symbol.type)
        return "(*(%s *)($fs_base + (%d)))" % (kind, distance)

    def variable(self, name):
        frame = gdb.selected_frame()
        registers = [each.name for each in frame.architecture().registers()] + ["pc", "sp", "fp"]
        if name[1:] in registers:
            return name
        if name in ("$_thread", "$_gthread"):
            raise CannotSend("%s: name the thread before the condition, as `thread 2`" % name)
        value = gdb.convenience_variable(name[1:])
        if value is None:
            raise CannotSend("%s is no integer register, and has no value" % name)
        if value.type.strip_typedefs().code not in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_PTR):
            raise CannotSend("%s is no integer" % name)
        self.remarks.append("%s counts as %d, its value now" % (name, int(value)))
        return "(%d)" % int(value)

    # Texts.

    @staticmethod
    def called(node):
        if node.kind != "call" or node.parts[0].kind not in ("name", "variable"):
            return None
        return node.parts[0].value

    def is_equality(self, node):
        return self.called(node) in ("$_streq", "$_memeq")

    def about_call(self, node):
        return (
            "%s(...) cannot be called at each hit: strcmp, strncmp, memcmp and $_streq can, with one text in quotes"
            % (self.called(node) or "a function")
        )

    def comparison_of_texts(self, node):
        """Whether both are equal, character by character; None: the node is no call."""
        while node.kind == "group":
            node = node.parts[0]
        if node.kind != "call":
            return None
        called = self.called(node)
        arguments = node.parts[1:]
        texts = [each for each in arguments[:2] if each.kind == "text"]
        others = [each for each in arguments[:2] if each.kind != "text"]
        counted = called in ("strncmp", "memcmp", "$_memeq")
        if called not in ("strcmp", "strncmp", "memcmp", "$_streq", "$_memeq") or len(texts) != 1 or len(others) != 1:
            raise CannotSend(self.about_call(node))
        if len(arguments) != (3 if counted else 2) or (counted and arguments[2].kind != "number"):
            raise CannotSend(self.about_call(node))
        wanted = unquoted(texts[0].value) + [0]
        if counted:
            length = int(arguments[2].value, 0)
            if called == "strncmp":
                wanted = wanted[:length]
            elif length > len(wanted):
                raise CannotSend("%s is shorter than %d" % (texts[0].value, length))
            else:
                wanted = wanted[:length]
        if len(wanted) > LONGEST_TEXT:
            raise CannotSend("texts of more than %d characters are not compared here" % LONGEST_TEXT)
        place = self.value(others[0])
        return "(%s)" % (" && ".join("((%s)[%d] & 255) == %d" % (place, at, byte) for at, byte in enumerate(wanted)) or "1")

    # Floating point.

    def number(self, node):
        """The value of a constant; None: the node is none."""
        if node.kind == "group":
            return self.number(node.parts[0])
        if node.kind == "unary" and node.value in ("-", "+"):
            value = self.number(node.parts[0])
            return value if value is None or node.value == "+" else -value
        if node.kind == "number":
            if node.value.lower().startswith("0x"):
                return float(int(node.value.rstrip("uUlL"), 16))
            return float(node.value.rstrip("uUlLfF"))
        if node.kind == "variable":
            value = gdb.convenience_variable(node.value[1:])
            if value is not None and value.type.strip_typedefs().code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_FLT):
                self.remarks.append("%s counts as %r, its value now" % (node.value, float(value)))
                return float(value)
        return None

    def comparison_of_floats(self, operator, left, right):
        kind = self.float_of(left)
        if kind is None:
            mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
            return self.comparison_of_floats(mirrored.get(operator, operator), right, left)
        place = self.value(left)
        number = self.number(right)
        other = self.float_of(right)
        if number is None and (other is None or other.name != kind.name):
            raise CannotSend("a %s can be compared with a number or another %s" % (kind.name, kind.name))
        if number is None:
            return self.comparison_of_variables(kind, operator, place, self.value(right))
        if number != number:
            return "(%d)" % (operator == "!=")
        nearest, key = kind.constant(number)
        if operator in ("==", "!="):
            if nearest != number:
                equal = "0"
            elif nearest == 0:
                equal = kind.is_zero(place)
            else:
                equal = "(%s == %d)" % (kind.key(place), key)
            return equal if operator == "==" else "(!%s)" % equal
        # Keys of the last value that is not greater, and of the first that is not less. Zero has two.
        below, above = (key, key) if nearest == number else (key, key + 1) if nearest < number else (key - 1, key)
        if nearest == number == 0:
            below, above = 0, -1
        ordered = {
            "<": "%s < %d" % (kind.key(place), above) if nearest == number else "%s <= %d" % (kind.key(place), below),
            ">": "%s > %d" % (kind.key(place), below) if nearest == number else "%s >= %d" % (kind.key(place), above),
            "<=": "%s <= %d" % (kind.key(place), below),
            ">=": "%s >= %d" % (kind.key(place), above),
        }
        return "(%s && %s)" % (kind.is_number(place), ordered[operator])

    @staticmethod
    def comparison_of_variables(kind, operator, left, right):
        numbers = "%s && %s" % (kind.is_number(left), kind.is_number(right))
        zeros = "(%s && %s)" % (kind.is_zero(left), kind.is_zero(right))
        keys = "%s %%s %s" % (kind.key(left), kind.key(right))
        if operator in ("==", "!="):
            equal = "(%s && (%s || %s))" % (numbers, zeros, keys % "==")
            return equal if operator == "==" else "(!%s)" % equal
        if operator in ("<=", ">="):
            return "(%s && (%s || %s))" % (numbers, zeros, keys % operator)
        return "(%s && !%s && %s)" % (numbers, zeros, keys % operator)


def write_condition(text, block):
    """The condition in integers, and remarks about it. Raises CannotSend."""
    writer = Writer(block)
    return writer.truth(Parser(text).whole()), writer.remarks
