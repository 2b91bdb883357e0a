/**
 * npm run bench -- debug [--only TEXT...]: the figures of a debugger session that must hold, each with its goal beside it,
 * measured through real gdb. A row that takes longer than its limit is interrupted, and says so.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descendantsOf, GdbSession, memoryOf } from '../test/debug/gdb-session.ts';
import { randomNumbers } from '../test/debug/target.ts';
import { compile } from '../test/harness/compile.ts';
import { rrCommand } from '../test/harness/recording.ts';
import { benchFolder, median } from './measure.ts';

/** Milliseconds after which a command is interrupted. */
const patience = 120_000;
const manyHits = 1_000_000;
/** Where each hit costs a stop. */
const someHits = 20_000;
const fewHits = 500;
const steppedPlaces = 30;
const windowSteps = 5;
const recordedSeconds = 10;
const interrupts = 10;

interface Row {
  readonly what: string;
  readonly goal: string;
  measure(bench: DebugBench): Promise<string>;
}

interface Timed {
  readonly text: string;
  readonly seconds: number;
  readonly wasInterrupted: boolean;
}

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
const inSeconds = (seconds: number): string => `${seconds.toFixed(2)} s`;

/** Of one command; where it was interrupted, that it took longer. */
function took({ seconds, wasInterrupted }: Timed): string {
  return wasInterrupted ? `more than ${patience / 1000} s` : inSeconds(seconds);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

class DebugBench {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rr-bench-debug-'));
  readonly #traces = new Map<string, string>();
  readonly program = compile(join(benchFolder, 'programs/debugged.c'));
  #roundsOfSecond: number | undefined;

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A recording of a command, made when it is first asked for. */
  trace(...command: string[]): string {
    const key = command.join(' ');
    const known = this.#traces.get(key);
    if (known !== undefined) return known;
    const trace = join(this.#folder, `trace-${this.#traces.size}`);
    succeed(spawnSync(rrCommand, ['record', '-o', trace, '--store', join(this.#folder, 'store'), ...command]), key);
    this.#traces.set(key, trace);
    return trace;
  }

  /** Rounds of compute() that take a second alone. */
  get roundsOfSecond(): number {
    const tried = 200_000_000;
    this.#roundsOfSecond ??= Math.round(
      tried / timed(() => succeed(spawnSync(this.program, ['stores', `${tried}`]), 'the program')),
    );
    return this.#roundsOfSecond;
  }

  /** gdb on a recording, ready for commands. */
  async session<Value>(trace: string, body: (ask: (command: string) => Promise<Timed>, pid: number) => Promise<Value>) {
    const session = new GdbSession(['-q', trace]);
    const ask = async (command: string): Promise<Timed> => {
      const begin = performance.now();
      const { text, wasInterrupted } = await session.ask(command, patience);
      return { text, wasInterrupted, seconds: (performance.now() - begin) / 1000 };
    };
    try {
      await ask('when');
      return await body(ask, session.pid);
    } finally {
      await session.end();
    }
  }

  /** A session that stands at the end of a program's work. */
  atEnd<Value>(trace: string, body: (ask: (command: string) => Promise<Timed>, pid: number) => Promise<Value>) {
    return this.session(trace, async (ask, pid) => {
      await ask('tbreak finished');
      const { text, wasInterrupted } = await ask('continue');
      if (wasInterrupted || !text.includes('finished ()')) throw new Error(`the end is not reached: ${text}`);
      return body(ask, pid);
    });
  }
}

/** Seconds. */
function timed(run: () => void): number {
  const begin = performance.now();
  run();
  return (performance.now() - begin) / 1000;
}

function succeed({ status, stderr, error }: SpawnSyncReturns<Buffer>, what: string): void {
  if (status === 0) return;
  throw new Error(`${what}: status ${status} ${error?.message ?? ''}\n${stderr}`);
}

/** Seconds a hit of a breakpoint on hit() that never stops the program. */
async function hitCost(bench: DebugBench, hits: number, condition: string): Promise<string> {
  return bench.session(bench.trace(bench.program, 'hits', `${hits}`), async (ask) => {
    await ask('tbreak finished');
    const bare = await ask('continue');
    await ask('run');
    await ask(`break hit if ${condition}`);
    await ask('tbreak finished');
    const { seconds, wasInterrupted } = await ask('continue');
    if (wasInterrupted) return `more than ${((patience / 1000 / hits) * 1e6).toFixed(0)} us`;
    return `${(((seconds - bare.seconds) / hits) * 1e6).toFixed(2)} us`;
  });
}

async function reverseSteps(bench: DebugBench): Promise<{ first: number[]; window: number[] }> {
  const trace = bench.trace('/usr/bin/python3', '-c', 'print(sum(range(10)))');
  return bench.session(trace, async (ask) => {
    const lastEvent = Number(/Last event: (\d+)/.exec((await ask('when-end')).text)?.[1]);
    const random = randomNumbers(1);
    const first: number[] = [];
    const window: number[] = [];
    for (let place = 0; place < steppedPlaces; place++) {
      const event = 3 + Math.floor(random() * (lastEvent - 4));
      await ask(`seek ${event}`);
      await ask(`stepi ${1 + Math.floor(random() * 40)}`);
      // Come to by a breakpoint: nothing is known of what is before it.
      await ask('tbreak *$pc');
      await ask(`seek ${event}`);
      await ask('continue');
      first.push((await ask('reverse-stepi')).seconds);
      for (let step = 0; step < windowSteps; step++) window.push((await ask('reverse-stepi')).seconds);
    }
    return { first, window };
  });
}

/** The line of the program that holds that text, for gdb. */
function lineText(text: string): string {
  const lines = readFileSync(join(benchFolder, 'programs/debugged.c'), 'utf8').split('\n');
  return `debugged.c:${1 + lines.findIndex((line) => line.includes(text))}`;
}

let steps: Promise<{ first: number[]; window: number[] }> | undefined;

async function stepRow(bench: DebugBench, which: 'first' | 'window'): Promise<string> {
  steps ??= reverseSteps(bench);
  const values = (await steps)[which];
  return `${milliseconds(median(values))}, ${milliseconds(quantile(values, 0.95))}`;
}

const rows: readonly Row[] = [
  {
    what: 'rr replay to gdb’s prompt, true, beyond gdb alone',
    goal: '0.3 s',
    measure: async (bench) => {
      const trace = bench.trace('/bin/true');
      const times = (command: string, words: readonly string[]): number =>
        median(Array.from({ length: 5 }, () => timed(() => succeed(spawnSync(command, words), command))));
      const alone = times('gdb', ['-q', '-nx', '-batch', '/bin/true']);
      const replay = times(rrCommand, ['replay', trace, '--', '-nx', '-batch']);
      return `${inSeconds(replay - alone)} (gdb alone ${inSeconds(alone)})`;
    },
  },
  {
    what: 'forward continue, a false condition that gdb sends, a hit',
    goal: '0.1 us by a stub, 40 us by int3',
    measure: (bench) => hitCost(bench, someHits, 'value == -1'),
  },
  {
    what: 'the same, a condition that gdb evaluates',
    goal: '2 ms',
    measure: (bench) => hitCost(bench, fewHits, 'value * 1.0 == -1.0'),
  },
  {
    what: `reverse-continue to the last true hit among ${manyHits} false ones`,
    goal: '2 s',
    measure: (bench) =>
      bench.atEnd(bench.trace(bench.program, 'hits', `${manyHits}`), async (ask) => {
        await ask('break hit if value == 1');
        return took(await ask('reverse-continue'));
      }),
  },
  {
    what: `reverse-continue over ${manyHits} hits to the one before`,
    goal: '2 s',
    measure: (bench) =>
      bench.atEnd(bench.trace(bench.program, 'hits', `${manyHits}`), async (ask) => {
        await ask('break hit');
        const first = await ask('reverse-continue');
        return `${took(first)}, the next ${took(await ask('reverse-continue'))}`;
      }),
  },
  {
    what: `reverse-continue to the store behind a watchpoint, ${recordedSeconds} s of run, 990 stores`,
    goal: '2 s, 0.5 s the next',
    measure: (bench) =>
      bench.atEnd(bench.trace(bench.program, 'stores', `${bench.roundsOfSecond * recordedSeconds}`), async (ask) => {
        await ask('watch page.stored');
        const first = await ask('reverse-continue');
        return `${took(first)}, the next ${took(await ask('reverse-continue'))}`;
      }),
  },
  {
    what: 'reverse-stepi, first at a place: median, 95th percentile',
    goal: '150 ms, 1 s',
    measure: (bench) => stepRow(bench, 'first'),
  },
  {
    what: 'reverse-stepi, those behind it',
    goal: '5 ms, 20 ms',
    measure: (bench) => stepRow(bench, 'window'),
  },
  {
    what: 'reverse-next over a function that computes 1 s; over a recursive one',
    goal: '2 s',
    measure: (bench) =>
      bench.session(bench.trace(bench.program, 'functions', `${bench.roundsOfSecond}`), async (ask) => {
        const over = async (line: string): Promise<string> => {
          await ask(`tbreak ${line}`);
          await ask('continue');
          return took(await ask('reverse-next'));
        };
        const long = await over(lineText('behind the long function'));
        await ask('seek begin');
        return `${long}; ${await over(lineText('behind the recursive one'))}`;
      }),
  },
  {
    what: 'forward speed without a breakpoint, of replay -a',
    goal: '1, with automatic checkpoints 1.1',
    measure: (bench) => {
      const trace = bench.trace(bench.program, 'stores', `${bench.roundsOfSecond * recordedSeconds}`);
      const plain = timed(() => succeed(spawnSync(rrCommand, ['replay', '-a', '-q', trace]), 'replay -a'));
      return bench.session(trace, async (ask) => {
        const { seconds } = await ask('continue');
        return `${(seconds / plain).toFixed(2)} (${inSeconds(seconds)} of ${inSeconds(plain)})`;
      });
    },
  },
  {
    what: 'Ctrl-C while the program computes: median, slowest',
    goal: '50 ms',
    measure: async (bench) => {
      const trace = bench.trace(bench.program, 'stores', `${bench.roundsOfSecond * recordedSeconds}`);
      const session = new GdbSession(['-q', trace]);
      const times: number[] = [];
      try {
        await session.ask('when', patience);
        for (let time = 0; time < interrupts; time++) {
          const { text, interruptSeconds } = await session.ask('continue', 300);
          if (interruptSeconds === undefined) throw new Error(`it ended by itself: ${text}`);
          times.push(interruptSeconds);
        }
      } finally {
        await session.end();
      }
      return `${milliseconds(median(times))}, ${milliseconds(Math.max(...times))}`;
    },
  },
  {
    what: `memory of rr and its checkpoints, at the end of ${recordedSeconds} s`,
    goal: 'a quarter of what is free',
    measure: (bench) =>
      bench.atEnd(
        bench.trace(bench.program, 'stores', `${bench.roundsOfSecond * recordedSeconds}`),
        async (_ask, pid) => {
          const processes = [pid, ...descendantsOf(pid)];
          const bytes = processes.reduce((sum, each) => sum + memoryOf(each), 0);
          return `${(bytes / 2 ** 20).toFixed(0)} MB in ${processes.length} processes, gdb among them`;
        },
      ),
  },
];

/** Prints the table. Gives the number of rows that could not be measured. */
export async function benchDebugger(only: readonly string[] | undefined): Promise<number> {
  using bench = new DebugBench();
  const lines: (readonly [string, string, string])[] = [['what', 'goal', 'measured']];
  let failed = 0;
  for (const { what, goal, measure } of rows) {
    if (only !== undefined && !only.some((text) => what.includes(text))) continue;
    let measured: string;
    try {
      measured = await measure(bench);
    } catch (error) {
      failed++;
      measured = `FAILED: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
    }
    console.error(`${what}: ${measured}`);
    lines.push([what, goal, measured]);
  }
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]!.length)));
  console.log(
    `\n${lines.map((line) => line.map((text, column) => text.padEnd(widths[column]!)).join('  ')).join('\n')}`,
  );
  return failed;
}
