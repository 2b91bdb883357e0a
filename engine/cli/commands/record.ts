import { constants } from 'node:os';
import { EngineError, UsageError } from '../../errors.ts';
import type { CounterChoice } from '../../machine/execution-points.ts';
import { exactWords } from '../exact-words.ts';
import type { Invocation, RunCommand } from '../grammar.ts';
import { parseHiddenFeatures } from '../hidden-features.ts';
import { readInheritedState } from '../inherited-state.ts';
import { isRecorded, runUnrecorded } from '../nested.ts';
import type { RecordOptions } from '../options.ts';
import { type OptionValues, parseInteger } from '../parse.ts';
import { parseSize, parseTime } from '../quantities.ts';
import { withoutUndefined } from '../without-undefined.ts';

const lastSignal = 64;
/** Nanoseconds. */
const shortestSlice = 100_000;
const longestSlice = 1_000_000_000_000;

/**
 * Reads what `record` was told. The environment is read once and left as it is.
 * @throws UsageError BAD_VALUE, MISSING_PROGRAM, NOT_SUPPORTED
 */
export function recordOptions({ global, values, operands }: Invocation): RecordOptions {
  const [program, ...args] = operands;
  if (program === undefined) {
    throw new UsageError('MISSING_PROGRAM', 'record: which program? rr record [OPTIONS] EXE [ARGS]...');
  }
  if (global.dumpOn !== undefined || global.dumpAt !== undefined) {
    throw new UsageError('BAD_VALUE', 'record: --dump-on and --dump-at are for a replay: it has the same memory');
  }
  parseSignal(values, 'syscall-buffer-sig');
  values.integer('syscall-buffer-size', 1, 1 << 20);
  const inherited = readInheritedState();
  const optional = {
    inherited,
    outputTraceDir: nonEmpty('output-trace-dir', values),
    store: nonEmpty('store', values),
    printTraceDirFd: values.integer('print-trace-dir', 0, 2 ** 31 - 1),
    continueThroughSignal: parseSignal(values, 'continue-through-signal'),
    ignoreSignal: parseSignal(values, 'ignore-signal'),
    numCores: values.integer('num-cores', 1, 1024),
    slice: parseSlice(values),
    chaosSeed: values.integer('chaos-seed', 0, 2 ** 32 - 1),
    bindToCpu: parseCpu(values),
    nested: parseNested(values.text('nested')),
    traceId: parseTraceId(values.text('trace-id')),
    forceStops: parseForceStops(values.text('force-stops')),
    patchAfter: values.integer('patch-after', 1, 1_000_000),
    ringSlots: values.integer('ring-slots', 2, 4096),
    sliceTicks: values.integer('slice-ticks', 1),
    maxSize: parseCap(values, 'max-size', parseSize),
    remote: values.text('remote') ?? process.env.RR_REMOTE,
    maxTime: parseCap(values, 'max-time', parseTime),
  };
  return {
    ...global,
    program,
    args,
    exactArguments: exactWords(operands),
    env: values.all('env').map(checkVariable),
    skip: values.all('skip').map(checkPattern),
    hiddenFeatures: parseHiddenFeatures(values),
    wait: values.has('wait'),
    setuidSudo: values.has('setuid-sudo'),
    alwaysSwitch: values.has('always-switch'),
    chaos: values.has('chaos') || values.has('chaos-seed'),
    cpuUnbound: values.has('cpu-unbound'),
    counter: parseCounter(values.text('counter')),
    compress: values.text('compress') === '' ? 'fast' : (values.word('compress', ['none', 'fast', 'best']) ?? 'fast'),
    weakStops: values.has('weak-stops'),
    randomizeAddresses: values.has('randomize-addresses'),
    replaceTime: values.has('replace-rdtsc'),
    storeRights: values.word('store-rights', ['user', 'group', 'all']) ?? 'user',
    keep: values.word('keep', ['always', 'failures', 'never']) ?? 'always',
    portable: values.has('portable'),
    push: parsePush(values),
    atCap: values.word('at-cap', ['stop', 'kill']) ?? 'stop',
    noSyscallBuffer: values.has('no-syscall-buffer') || values.has('no-preload'),
    ...withoutUndefined(optional),
  };
}

export const run: RunCommand = async (invocation) => {
  const options = recordOptions(invocation);
  if (isRecorded()) {
    if (options.nested !== undefined) return runUnrecorded(options, options.nested);
    throw new EngineError(
      'NESTED',
      'record: this already runs under a recording (RUNNING_UNDER_RR=1); --nested=ignore runs the program without another',
    );
  }
  const { record } = await import('../../record/session.ts');
  return record(options);
};

function nonEmpty(option: string, values: OptionValues): string | undefined {
  const text = values.text(option);
  if (text === '') throw new UsageError('BAD_VALUE', `--${option}: expected the name of a directory`);
  return text;
}

/** A recording that could not be brought anywhere is not begun. */
function parsePush(values: OptionValues): RecordOptions['push'] {
  const when = values.word('push', ['always', 'failures', 'never']) ?? 'never';
  if (when === 'never' || values.has('remote') || process.env.RR_REMOTE) return when;
  throw new UsageError('BAD_VALUE', `--push=${when}: where to? name the store by --remote URL or RR_REMOTE`);
}

function parseCap(values: OptionValues, option: string, parse: typeof parseSize): number | undefined {
  const text = values.text(option);
  return text === undefined ? undefined : parse(text, `--${option}`);
}

/** Ticks of a slice are taken for a nanosecond each, and a slice is no shorter than can be kept. */
function parseSlice(values: OptionValues): number | undefined {
  const ticks = values.integer('num-cpu-ticks', 1);
  return ticks === undefined ? undefined : Math.min(Math.max(ticks, shortestSlice), longestSlice);
}

/** auto, none, or breakpoint:ADDRESS[/SKID], the address in hexadecimal digits. */
function parseCounter(text: string | undefined): CounterChoice {
  if (text === undefined || text === 'auto') return 'auto';
  if (text === 'none') return 'none';
  const [, address, skid = '1'] = /^breakpoint:0x([0-9a-f]{1,12})(?:\/([0-9]{1,9}))?$/.exec(text) ?? [];
  if (address !== undefined) return { address: Number.parseInt(address, 16), skid: Number(skid) };
  throw new UsageError('BAD_VALUE', `--counter ${text}: expected auto, none or breakpoint:0xADDRESS[/SKID]`);
}

function parseForceStops(text: string | undefined): RecordOptions['forceStops'] | undefined {
  if (text === undefined) return undefined;
  const [first = '', second = '', ...rest] = text.split('-');
  const minimum = parseInteger(first, '--force-stops', 1, 10_000_000);
  const maximum = parseInteger(second, '--force-stops', minimum, 10_000_000);
  if (rest.length > 0) throw new UsageError('BAD_VALUE', `--force-stops ${text}: expected MIN-MAX`);
  return { minimum, maximum };
}

/** NAME=VALUE as it is. */
function checkVariable(text: string): string {
  if (text.indexOf('=') > 0) return text;
  throw new UsageError('BAD_VALUE', `--env ${text}: expected NAME=VALUE`);
}

/** A signal's number, or its name with or without SIG. */
function parseSignal(values: OptionValues, option: string): number | undefined {
  const text = values.text(option);
  if (text === undefined) return undefined;
  const upper = text.toUpperCase();
  const signals: Readonly<Record<string, number>> = constants.signals;
  const byName = signals[upper] ?? signals[`SIG${upper}`];
  return byName ?? parseInteger(text, `--${option}`, 1, lastSignal);
}

function parseCpu(values: OptionValues): RecordOptions['bindToCpu'] | undefined {
  const text = values.text('bind-to-cpu');
  if (text === undefined || text === 'any') return undefined;
  const other = ['cpu-unbound', 'portable'].find((option) => values.has(option));
  if (other !== undefined) {
    throw new UsageError('BAD_VALUE', `--bind-to-cpu ${text} and --${other} contradict each other`);
  }
  return text === 'p-core' ? text : parseInteger(text, '--bind-to-cpu', 0, 8191);
}

/** rr's `detach` is our `release`: who leaves a recording has no recorder of its own, since a tracer stays with it. */
function parseNested(text: string | undefined): RecordOptions['nested'] | undefined {
  if (text === undefined || text === 'ignore') return text;
  if (text === 'detach' || text === 'release') return 'release';
  throw new UsageError('BAD_VALUE', `--nested=${text}: expected ignore, detach or release`);
}

/** 32 hexadecimal digits, with or without the hyphens of a UUID; in the header it has them. */
function parseTraceId(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const match = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/.exec(text.toLowerCase());
  if (match !== null) return match.slice(1).join('-');
  throw new UsageError('BAD_VALUE', `--trace-id ${text}: expected a UUID, 32 hexadecimal digits`);
}

function checkPattern(text: string): string {
  if (text !== '' && !text.includes('\0')) return text;
  throw new UsageError('BAD_VALUE', `--skip "${text}": expected the name of a program, or a pattern for names`);
}
