// Sessions of random debugger commands, forwards and backwards, through real gdb: nothing diverges or hangs, memory is
// bounded, and the same place has the same state each time.
// RR_TEST_COMMANDS (60) says how many, RR_TEST_SEED (1) which, RR_TEST_SESSIONS=all over all recordings, =guests,
// =guests/GROUP or =guests/GROUP/NAME over those of the guests of the recorder.
// Time limit: 1200 s
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { descendantsOf, GdbSession, memoryOf, nameOf } from './debug/gdb-session.ts';
import { type DebugRecording, recordCommand, recordGuest } from './debug/recording.ts';
import { randomNumbers } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: random sessions');
const commandCount = Number(process.env.RR_TEST_COMMANDS ?? 60);
const seed = Number(process.env.RR_TEST_SEED ?? 1);
/** Milliseconds until a command is interrupted. */
const patience = 10_000;
/** Of what only looks, and of gdb's start, which reads all symbols. */
const longPatience = 100_000;
/** Bytes, of rr and all that it has started but gdb. */
const mostMemory = 1 << 30;
/** What gdb or rr says when something is wrong that a user cannot have asked for. */
const faults =
  /diverged|Command aborted|Remote connection closed|Remote communication error|internal-error|Remote failure|protocol error|Bogus trace|is not found again|not as it was|TypeError|Ignoring packet error|Truncated register/;

interface Subject {
  readonly name: string;
  record(): DebugRecording;
  /** Options of `rr replay`. */
  readonly options?: readonly string[];
  /** Functions that are called now and then. */
  readonly functions: readonly string[];
  /** Expressions of memory that changes. */
  readonly watched: readonly string[];
}

const tiny = 'int twice(int a) { return a + a; }\nint main(void) { return twice(3) - 6; }\n';

const subjects: readonly Subject[] = [
  {
    name: 'threads of C++',
    record: () => recordGuest('workers'),
    functions: ['main', 'produce', 'consume', 'digest', 'malloc'],
    watched: ['produced', 'closed'],
  },
  {
    name: 'signals',
    record: () => recordGuest('signals'),
    functions: ['main', 'onUser', 'onFault', 'raise'],
    watched: ['received'],
  },
  {
    name: 'a computing guest',
    record: () => recordGuest('slices'),
    functions: ['main', 'write', 'exit'],
    watched: ['*(long *)$sp'],
  },
  {
    name: 'python3',
    record: () => recordCommand(['/usr/bin/python3', '-c', 'import json; print(sum(json.loads("[1, 2, 3]")))']),
    functions: ['malloc', 'PyObject_Malloc', 'PyDict_SetItem', 'read'],
    watched: ['*(long *)$sp', '*(int *)($sp + 64)'],
  },
  {
    name: 'gcc',
    record: () => {
      const source = join(process.env.TMPDIR ?? '/tmp', `rr-session-${process.pid}.c`);
      writeFileSync(source, tiny);
      try {
        return recordCommand(['gcc', '-O1', '-S', '-o', '/dev/null', source]);
      } finally {
        rmSync(source);
      }
    },
    options: ['-p', 'cc1'],
    functions: ['malloc', 'memcpy', 'write', 'strlen'],
    watched: ['*(long *)$sp'],
  },
];

const guestFolder = fileURLToPath(new URL('guests/', import.meta.url));
/** In turn. */
const guestModes: readonly (readonly string[])[] = [['--patch-after', '1'], [], ['-n']];

/** One for each guest of the recorder's tests, or of a group of them. */
function guestSubjects(group?: string): readonly Subject[] {
  const groups = group === undefined ? readdirSync(guestFolder, { withFileTypes: true }) : [];
  const names = group === undefined ? groups.filter((each) => each.isDirectory()).map(({ name }) => name) : [group];
  return names
    .flatMap((name) => readdirSync(join(guestFolder, name)).map((file) => join(name, file)))
    .filter((file) => file.endsWith('.c'))
    .sort()
    .map((file, index) => ({
      name: file,
      record: () => {
        const recordOptions = guestModes[index % guestModes.length]!;
        return recordCommand([compile(join(guestFolder, file))], { recordOptions });
      },
      functions: ['main', 'write', 'exit', 'malloc', 'syscall', '__sigaction'],
      watched: ['*(long *)$sp'],
    }));
}

/** With the number by which the seed of its session goes: of a guest, that in its group. */
function chosenSubjects(choice: string | undefined): readonly [number, Subject][] {
  if (choice === undefined) return [...subjects.slice(0, 2).entries()];
  const [guests, group, guest] = choice.split('/');
  if (guests !== 'guests') return [...subjects.filter(({ name }) => choice === 'all' || choice === name).entries()];
  const ofGroup = [...guestSubjects(group).entries()];
  return ofGroup.filter(([, { name }]) => guest === undefined || name === join(group!, `${guest}.c`));
}

/** What one may do next; the random numbers choose. */
class Chooser {
  readonly #random: () => number;
  readonly #subject: Subject;
  readonly #lastEvent: number;
  /** Texts of places that were visited. */
  readonly places: string[] = [];
  checkpoints = 0;

  constructor(subject: Subject, random: () => number, lastEvent: number) {
    this.#subject = subject;
    this.#random = random;
    this.#lastEvent = lastEvent;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #one<Value>(values: readonly Value[]): Value {
    return values[this.#below(values.length)]!;
  }

  next(): string {
    const { functions, watched } = this.#subject;
    const kinds: readonly (readonly [weight: number, make: () => string])[] = [
      [8, () => this.#one(['stepi', 'nexti', 'step', 'next', `stepi ${1 + this.#below(30)}`])],
      [
        8,
        () =>
          this.#one([
            'reverse-stepi',
            'reverse-nexti',
            'reverse-step',
            'reverse-next',
            `reverse-stepi ${1 + this.#below(5)}`,
          ]),
      ],
      [3, () => this.#one(['finish', 'reverse-finish', 'until', 'up', 'down'])],
      [6, () => this.#one(['continue', `continue ${1 + this.#below(4)}`])],
      [6, () => this.#one(['reverse-continue', `reverse-continue ${1 + this.#below(3)}`])],
      [4, () => `${this.#one(['break', 'tbreak'])} ${this.#one(functions)}`],
      [1, () => `break ${this.#one(functions)} if $rdi ${this.#one(['>', '<', '!='])} ${this.#below(200)}`],
      [2, () => `watch -l ${this.#one(watched)}`],
      [2, () => 'delete'],
      [2, () => 'checkpoint'],
      [2, () => (this.checkpoints === 0 ? 'checkpoint' : `restart ${1 + this.#below(this.checkpoints)}`)],
      [4, () => `seek ${1 + this.#below(this.#lastEvent)}`],
      [8, () => (this.places.length === 0 ? 'seek begin' : `seek ${this.#one(this.places)}`)],
      [2, () => this.#one(['seek begin', 'seek end', 'run', 'back', 'forward'])],
      [
        4,
        () => this.#one(['backtrace 5', 'info threads', 'info registers rip', 'info breakpoints', 'x/4i $pc', 'when']),
      ],
      [1, () => this.#one(['print $rax = 5', 'set var *(char *)$sp = 1', 'print 1+1', 'info checkpoints'])],
    ];
    let left = this.#below(kinds.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, make] of kinds) {
      left -= weight;
      if (left < 0) return make();
    }
    return 'when';
  }
}

/** Registers and stack of the task that stands there, and the place's text. */
const look = [
  'frame 0',
  'when-position',
  'when-tid',
  'printf "%lx %lx %lx %lx %lx %lx %x\\n", $rip, $rsp, $rax, $rbx, $rcx, $rdi, $eflags',
  'x/48xg $sp - 128',
];

async function runSession(subject: Subject, recording: DebugRecording, commands: number, begin: number): Promise<void> {
  const session = new GdbSession([...(subject.options ?? []), '-q', recording.trace]);
  const done: string[] = [];
  try {
    const { text: end } = await session.ask('when-end', longPatience);
    const lastEvent = Number(/Last event: (\d+)/.exec(end)?.[1]);
    assert.ok(lastEvent > 0, end);
    const chooser = new Chooser(subject, randomNumbers(begin), lastEvent);
    const states = new Map<string, string>();
    let revisited = 0;
    let interrupted = 0;
    let memory = 0;
    for (let count = 0; count < commands; count++) {
      const command = chooser.next();
      done.push(command);
      const { text, wasInterrupted } = await session.ask(command, patience);
      if (wasInterrupted) interrupted++;
      const tell = (what: string): string =>
        `${what}\nafter ${done.length} commands:\n${done.slice(-12).join('\n')}\nwhich said:\n${text}`;
      assert.not.ok(faults.test(text), tell('a fault'));
      chooser.checkpoints += /^Checkpoint \d+ at/m.test(text) ? 1 : 0;
      const changes = /^(print \$rax|set var)/.test(command);
      if (changes) {
        // What was changed goes when the replay goes elsewhere.
        await session.ask('seek begin', longPatience);
        continue;
      }
      let state = '';
      for (const each of look) state += (await session.ask(each, longPatience)).text;
      assert.not.ok(faults.test(state), tell(state));
      const position = /^(\d+(?:\+\S+)?)$/m.exec(state)?.[1];
      if (position !== undefined && !position.includes('?')) {
        // Where an event is behind there are several processes to look at.
        const place = `${position} of ${/^Current tid: (\d+)$/m.exec(state)?.[1]}`;
        const known = states.get(place);
        if (known === undefined) {
          states.set(place, state);
          chooser.places.push(position);
        } else {
          revisited++;
          assert.is(withoutNames(state), withoutNames(known), tell(`another state at ${place}`));
        }
      }
      if (count % 10 === 9) {
        const others = descendantsOf(session.pid).filter((pid) => !nameOf(pid).startsWith('gdb'));
        memory = Math.max(
          memory,
          [session.pid, ...others].reduce((sum, pid) => sum + memoryOf(pid), 0),
        );
        assert.ok(memory < mostMemory, tell(`${memory} bytes in ${others.length} processes`));
      }
    }
    assert.ok(commands < 50 || revisited > 0, 'no place was visited twice');
    if (process.env.RR_TEST_TELL !== undefined) {
      console.log(
        `${subject.name}: ${commands} commands, ${states.size} places, ${revisited} visits again, ` +
          `${interrupted} interrupts, at most ${(memory / 2 ** 20).toFixed(0)} MB`,
      );
    }
  } catch (error) {
    if (error instanceof Error) error.message += `\nthe commands, with seed ${begin}:\n${done.join('\n')}`;
    session.kill();
    throw error;
  } finally {
    await session.end();
  }
}

/** Source lines are shown once each, and what a thread is called may differ by where one came from. */
function withoutNames(state: string): string {
  return state
    .split('\n')
    .filter((line) => /^(0x|[0-9a-f]+ )/.test(line))
    .map((line) => line.replace(/<[^>]*>/g, ''))
    .join('\n');
}

for (const [index, subject] of chosenSubjects(process.env.RR_TEST_SESSIONS)) {
  test(`${commandCount} commands: ${subject.name}`, async () => {
    const recording = subject.record();
    try {
      await runSession(subject, recording, commandCount, seed * 1000 + index);
    } finally {
      recording[Symbol.dispose]();
    }
  });
}

test('Ctrl-C ends a step of very many instructions', async () => {
  using recording = recordGuest('signals');
  const session = new GdbSession(['-q', recording.trace]);
  try {
    await session.ask('stepi', longPatience);
    // Through all of the dynamic linker, one instruction after the other: there are no lines.
    const { text, wasInterrupted } = await session.ask('step', 2000);
    assert.ok(wasInterrupted, text);
    assert.match(text, /received signal SIGINT/, text);
    const { text: after } = await session.ask('stepi', longPatience);
    assert.not.match(after, /SIGINT/);
  } finally {
    await session.end();
  }
});

test.run();
