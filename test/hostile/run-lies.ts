/** Replays each trace of lies.ts, the truth and the lie, and tells of each as a line of JSON: an Outcome. */
import { readFileSync } from 'node:fs';
import { EngineError } from '../../engine/errors.ts';
import { Echo } from '../../engine/replay/echo.ts';
import { Replayer } from '../../engine/replay/replayer.ts';
import { StoredFiles } from '../../engine/replay/stored-files.ts';
import { type EventFields, SyntheticTrace } from '../replay/synthetic-trace.ts';
import { allLies, type Ending } from './lies.ts';

export interface Outcome {
  readonly name: string;
  readonly ending: Ending;
  /** What ended the truth's replay; undefined: it went through. */
  readonly truth?: string;
  /** Code of the error that ended the lie's replay: undefined when nothing did, BUG when it was none of the engine's. */
  readonly code?: string;
  readonly message: string;
  /** Processor time of the replayer and its processes. */
  readonly seconds: number;
  /** By which the replayer's memory has grown beyond what it ever was. */
  readonly bytes: number;
}

class SilentEcho extends Echo {
  constructor() {
    super({ quiet: false, mark: false });
  }

  override write(): void {
    // What the program writes is read from its memory, and dropped.
  }
}

const clockTick = 100;

/** Of this process and of all children that were waited for. */
function processorSeconds(): number {
  const [, fields = ''] = readFileSync('/proc/self/stat', 'latin1').split(') ');
  const numbers = fields.split(' ').map(Number);
  // utime, stime, cutime, cstime (proc_pid_stat(5)).
  return numbers.slice(11, 15).reduce((sum, each) => sum + each, 0) / clockTick;
}

function replay(events: readonly EventFields[]): unknown {
  const source = new SyntheticTrace();
  for (const event of events) source.add(event);
  try {
    using replayer = new Replayer({ source, stored: new StoredFiles('/nonexistent'), echo: new SilentEcho() });
    while (replayer.step() !== undefined);
    return undefined;
  } catch (error) {
    return error;
  }
}

const [only] = process.argv.slice(2);
for (const lie of allLies) {
  if (only !== undefined && !lie.name.includes(only)) continue;
  const truth = replay(lie.make(false));
  const seconds = processorSeconds();
  const { maxRSS } = process.resourceUsage();
  const error = replay(lie.make(true));
  const code = error instanceof EngineError ? error.code : error === undefined ? undefined : 'BUG';
  const outcome: Outcome = {
    name: lie.name,
    ending: lie.ending,
    ...(truth === undefined ? {} : { truth: String(truth) }),
    ...(code === undefined ? {} : { code }),
    message: error instanceof Error ? (code === 'BUG' ? String(error.stack) : error.message) : '',
    seconds: processorSeconds() - seconds,
    bytes: (process.resourceUsage().maxRSS - maxRSS) * 1024,
  };
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
