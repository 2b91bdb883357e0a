/**
 * Which system calls the tracees of a replay really make, seen from outside: by the kernel's own tracing of system
 * calls (tracefs, events/raw_syscalls; Documentation/trace/events.rst), because a task can have one tracer only, and
 * that is the replayer. A call that the replayer emulates never gets so far that it would be seen here. Needs root.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syscallNumbers } from '../../engine/syscalls/numbers.ts';
import { type ChildOptions, type ChildResult, runChild } from '../harness/child.ts';

/** All that tracees may call once they replay. */
export const allowedCalls: ReadonlySet<string> = new Set([
  // Their address space becomes the recorded one.
  'mmap',
  'munmap',
  'mprotect',
  'pkey_mprotect',
  'mremap',
  'madvise',
  // The descriptors of the files to map come from the replayer, and go again.
  'recvmsg',
  'close',
  'close_range',
  // cpuid traps where the recording's did (ARCH_SET_CPUID).
  'arch_prctl',
  // Recorded tasks become tasks.
  'clone',
]);
/** The first call of the replay proper: what the first task calls before it is the start of its stub. */
const firstCall = 'recvmsg';

const event = 'events/raw_syscalls/sys_enter';
const bufferKilobytes = 131072;
const lineForm = /^\s*.+-\d+\s+\(\s*(\d+)\).*sys_enter: NR (-?\d+) /;

export interface OutsideView {
  readonly run: ChildResult;
  /** Calls outside the list, `NAME (COUNT)`. */
  readonly unexpected: readonly string[];
  readonly expectedCount: number;
}

function judge(trace: string, replayer: string): Omit<OutsideView, 'run'> {
  const names = new Map<number, string>(Object.entries(syscallNumbers).map(([name, number]) => [number, name]));
  const callsByGroup = new Map<string, string[]>();
  for (const line of trace.split('\n')) {
    const match = lineForm.exec(line);
    if (match === null) continue;
    const [, group = '', number = ''] = match;
    const calls = callsByGroup.get(group) ?? [];
    calls.push(names.get(Number(number)) ?? `number ${number}`);
    callsByGroup.set(group, calls);
  }
  callsByGroup.delete(replayer);
  const unexpected = new Map<string, number>();
  let expectedCount = 0;
  for (const calls of callsByGroup.values()) {
    // The first task executes its stub; no other task executes anything.
    const startUp = calls.includes('execve') ? calls.indexOf(firstCall) : 0;
    for (const name of calls.slice(startUp)) {
      if (allowedCalls.has(name)) expectedCount++;
      else unexpected.set(name, (unexpected.get(name) ?? 0) + 1);
    }
  }
  return { unexpected: [...unexpected].map(([name, count]) => `${name} (${count})`), expectedCount };
}

/**
 * Runs a command that replays, under observation.
 * @throws Error when the kernel's tracing cannot be used, or lost something.
 */
export async function watchFromOutside(command: readonly string[], options: ChildOptions): Promise<OutsideView> {
  const mount = mkdtempSync(join(tmpdir(), 'rr-tracefs-'));
  const mounted = spawnSync('mount', ['-t', 'tracefs', 'tracefs', mount], { encoding: 'utf8' });
  if (mounted.status !== 0) {
    rmdirSync(mount);
    throw new Error(`tracefs cannot be mounted: ${mounted.stderr.trim()}`);
  }
  const instance = join(mount, 'instances', `rr-acceptance-${process.pid}`);
  const set = (name: string, value: string): void => writeFileSync(join(instance, name), value);
  try {
    mkdirSync(instance);
    set('buffer_size_kb', String(bufferKilobytes));
    set('options/record-tgid', '1');
    set('options/event-fork', '1');
    const pidFile = join(options.scratch, 'replayer.pid');
    // The replayer's main thread is left out: it makes too many calls for any buffer.
    const enter = [
      `cd ${instance}`,
      'echo $$ > set_event_pid',
      `echo "common_pid != $$" > ${event}/filter`,
      `echo 1 > ${event}/enable`,
      `echo $$ > ${pidFile}`,
      'cd - > /dev/null',
      'exec "$@"',
    ].join(' && ');
    const run = await runChild(['/bin/sh', '-c', enter, 'sh', ...command], options);
    set('tracing_on', '0');
    for (const processor of ['0', '1']) {
      const statistics = readFileSync(join(instance, 'per_cpu', `cpu${processor}`, 'stats'), 'utf8');
      const lost = Number(/^overrun: (\d+)$/m.exec(statistics)?.[1] ?? 0);
      if (lost > 0)
        throw new Error(
          `the kernel's trace lost ${lost} events of processor ${processor}: ${bufferKilobytes} KiB are too few`,
        );
    }
    return { run, ...judge(readFileSync(join(instance, 'trace'), 'utf8'), readFileSync(pidFile, 'utf8').trim()) };
  } finally {
    set(`${event}/enable`, '0');
    rmdirSync(instance);
    spawnSync('umount', [mount]);
    rmdirSync(mount);
  }
}
