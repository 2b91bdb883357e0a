/**
 * debugged-session.ts TRACE SEED [INTERRUPTIONS CHECKPOINTS]: a debugger's life over a recording, at random: stops by
 * interrupt(), breakpoints in malloc and write with counts, checkpoints and returns to them, steps back. Then it goes from the
 * beginning to the end of the first process, and writes a mark of its own before what the program prints there. Ends with
 * status 1, and says why, when anything was not as recorded.
 */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { openTrace } from '../../engine/library/index.ts';
import type { Checkpoint, Replay, Stop } from '../../engine/library/rr-engine.d.ts';
import { randomNumbers } from '../debug/target.ts';

/** Stands before the output of the last pass. */
export const passMark = '\0the pass that counts\n';

const mostHits = 200;
const mostSteps = 12;
/** An interruption comes within this time after the run has begun. Milliseconds. */
const longestRun = 40;

/** What the state is known by: a place that is come to again must show the same. */
async function stateOf(replay: Replay): Promise<string> {
  const { tid, event } = await replay.state();
  const registers = await replay.registers(tid);
  const stack = await replay.memory(Number(registers.rsp), 64);
  const words = Object.entries(registers).filter(([, value]) => typeof value === 'bigint');
  return [event, tid, words.join(' '), Buffer.from(stack).toString('hex')].join(' ');
}

async function interruptedRun(replay: Replay, milliseconds: number, back: boolean): Promise<Stop> {
  const run = replay.run({ back });
  const timer = new AbortController();
  const interruption = setTimeout(milliseconds, undefined, { signal: timer.signal }).then(
    () => replay.interrupt(),
    () => {},
  );
  const stop = await run;
  timer.abort();
  await interruption;
  return stop;
}

/** Counts some arrivals at functions that every program calls, where it has them. */
async function breakOften(replay: Replay, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const symbols = await replay.symbols('libc.so.6').catch(() => []);
    if (!symbols.some((symbol) => symbol.name === name)) continue;
    await using stopper = await replay.breakpoint(name, ({ count }) => (count >= mostHits ? 'stop' : undefined));
    const stop = await replay.run();
    if (stop.kind === 'breakpoint' && stopper.count !== mostHits) {
      throw new Error(`${name}: stopped after ${stopper.count} of ${mostHits}`);
    }
  }
}

export async function debuggedSession(
  directory: string,
  seed: number,
  interruptions: number,
  returns: number,
): Promise<void> {
  const random = randomNumbers(seed);
  /** What was done, for who looks for a fault. */
  const steps: string[] = [];
  const trace = await openTrace(directory);
  try {
    const replay = await trace.replay({ showOutput: true });
    const places: { checkpoint: Checkpoint; state: string }[] = [];
    for (let i = 0; i < interruptions; i++) {
      const milliseconds = random() * longestRun;
      const back = random() < 0.2;
      steps.push(`run ${back ? 'back ' : ''}${milliseconds.toFixed(1)} ms`);
      const stop = await interruptedRun(replay, milliseconds, back);
      steps.push(`${stop.kind} behind ${(await replay.state()).event}`);
      if (places.length < returns && stop.kind !== 'begin') {
        places.push({ checkpoint: await replay.checkpoint(), state: await stateOf(replay) });
      }
      if (stop.kind === 'exit' || stop.kind === 'end') {
        await replay.goTo('begin');
        await breakOften(replay, i % 2 === 0 ? ['malloc', 'write'] : ['write', 'malloc']);
      }
      if (random() < 0.1) {
        steps.push('step back');
        await replay.step({ back: true, count: 1 });
      }
    }
    for (const { checkpoint, state } of places) {
      steps.push(`go to ${checkpoint.position}`);
      await replay.goTo(checkpoint);
      const now = await stateOf(replay);
      if (now !== state) throw new Error(`checkpoint ${checkpoint.position}:\n  then ${state}\n  now  ${now}`);
    }
    await replay.goTo('begin');
    writeSync(1, passMark);
    for await (const stop of replay.stops()) {
      if (stop.kind !== 'exit') continue;
      const { status } = trace.processes[0]!;
      if (stop.status !== status) throw new Error(`the process ends with ${stop.status}, recorded was ${status}`);
    }
  } catch (error) {
    console.error(steps.slice(-mostSteps).join('\n'));
    throw error;
  } finally {
    await trace.close();
  }
}

const [directory, seed, interruptions, returns] = process.argv.slice(2);
if (directory !== undefined && import.meta.filename === process.argv[1]) {
  await debuggedSession(directory, Number(seed), Number(interruptions ?? 100), Number(returns ?? 20));
}
