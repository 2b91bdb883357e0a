// Ends what does not end by itself: by the processor time of a process and all its descendants, by whether that goes on
// at all, and only at last by the clock, which runs on while other work has the processors.
import { readdirSync, readFileSync } from 'node:fs';

const lookEveryMilliseconds = 1000;
/** USER_HZ, in which /proc counts; the same on every x86-64 Linux. */
const ticksPerSecond = 100;
/** Less than this is no progress. */
const leastTicks = 5;
/** How many times the limit of processor time may pass on the clock. */
const clockFactor = 20;
const defaultStallSeconds = 90;

/** Parent and ticks (own, and those of children that it has waited for) of each process. */
function readProcesses() {
  const processes = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    let stat;
    try {
      stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    } catch (error) {
      // Ended meanwhile.
      if (error.code === 'ENOENT' || error.code === 'ESRCH') continue;
      throw error;
    }
    // proc_pid_stat(5): the name, in parentheses, may hold anything; behind it come state, ppid, ...
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0);
    processes.set(Number(name), { parent: Number(fields[1]), ticks });
  }
  return processes;
}

/** Processor time of a process and its descendants, in ticks; 0 when it has ended. */
export function treeTicks(pid) {
  const processes = readProcesses();
  const belongs = (each) => {
    for (let at = each; at !== undefined && at > 1; at = processes.get(at)?.parent) {
      if (at === pid) return true;
    }
    return false;
  };
  let sum = 0;
  for (const [each, { ticks }] of processes) if (belongs(each)) sum += ticks;
  return sum;
}

/**
 * Watches a process until `stop` is called. `limits`: `processorSeconds`; `stallSeconds` without progress; and
 * `clockSeconds`, twenty times the first when left out. `onLimit` gets what was reached, in words; once.
 */
export function limitTime(pid, limits, onLimit) {
  const { processorSeconds, stallSeconds = defaultStallSeconds } = limits;
  const clockSeconds = limits.clockSeconds ?? clockFactor * processorSeconds;
  const started = performance.now();
  let progressAt = started;
  let ticksThen = 0;
  const reached = (now, ticks) => {
    if (ticks > processorSeconds * ticksPerSecond) return `took ${processorSeconds} s of processor time`;
    if (now - started > clockSeconds * 1000) return `did not end within ${clockSeconds} s`;
    if (now - progressAt > stallSeconds * 1000) return `stood still for ${stallSeconds} s`;
    return undefined;
  };
  const timer = setInterval(() => {
    const now = performance.now();
    const ticks = treeTicks(pid);
    if (ticks >= ticksThen + leastTicks) {
      ticksThen = ticks;
      progressAt = now;
    }
    const what = reached(now, ticks);
    if (what === undefined) return;
    clearInterval(timer);
    onLimit(what);
  }, lookEveryMilliseconds);
  return { stop: () => clearInterval(timer) };
}
