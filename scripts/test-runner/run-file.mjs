// Runs one test file in a process group of its own, with a limit of processor time, and judges what it printed.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { limitTime } from './time-limit.mjs';
import { judge, refuseSource } from './verdict.mjs';

/** Of processor time. */
const defaultLimitSeconds = 300;
/** A test may wait for a child that stands still, until that reaches its own limit. */
const stallSeconds = 180;
/** How long output that is on its way may take after the process has ended. */
const drainMilliseconds = 500;
const running = new Set();

/** Kills a process group; false when none of its processes is left. */
function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
    return true;
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Kills all that runs: for the runner's own end. */
export function killRunning() {
  for (const pid of running) killGroup(pid);
}

/** The file's own limit, from a comment line `// Time limit: N s`. */
function limitOf(source) {
  const match = /^\/\/ Time limit: (\d+) s$/m.exec(source);
  return match === null ? defaultLimitSeconds : Number(match[1]);
}

/** Gives { verdict, output, seconds }; `limit`, in seconds on the clock, overrides those of the file; `part`: N/M. */
export async function runFile(file, root, limit, part) {
  const source = readFileSync(file, 'utf8');
  const refusal = refuseSource(source);
  if (refusal !== undefined) {
    return { verdict: { passed: 0, failed: 1, skipped: 0, reasons: [refusal] }, output: '', seconds: 0 };
  }
  const limits =
    limit === undefined
      ? { processorSeconds: limitOf(source), stallSeconds }
      : { processorSeconds: limit, clockSeconds: limit };
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...(part === undefined ? {} : { RR_TEST_PART: part }) },
  });
  running.add(child.pid);
  const chunks = [];
  let summaryText = '';
  child.stdout.on('data', (chunk) => {
    chunks.push(chunk);
    summaryText += chunk;
  });
  child.stderr.on('data', (chunk) => chunks.push(chunk));

  let limitReached;
  const watch = limitTime(child.pid, limits, (what) => {
    limitReached = what;
    killGroup(child.pid);
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  const { status, signal } = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (exitStatus, exitSignal) => resolve({ status: exitStatus, signal: exitSignal }));
  });
  watch.stop();
  // Whatever the test left behind holds the pipes open.
  killGroup(child.pid);
  running.delete(child.pid);
  const drained = new Promise((resolve) => setTimeout(resolve, drainMilliseconds).unref());
  await Promise.race([closed, drained]);
  child.stdout.destroy();
  child.stderr.destroy();

  const seconds = (performance.now() - started) / 1000;
  const verdict = judge({ text: summaryText, status, signal, limitReached });
  return { verdict, output: Buffer.concat(chunks).toString(), seconds };
}
