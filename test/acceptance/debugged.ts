/** A recording under a debugger that does what it likes (debugged-session.ts), and that ends as it was recorded all the same. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeEnd, runChild } from '../harness/child.ts';
import { tailOf, textOf } from '../harness/output.ts';
import type { Recording } from '../harness/recording.ts';
import { strict } from '../debug/recording.ts';
import { passMark } from './debugged-session.ts';

const session = join(dirname(fileURLToPath(import.meta.url)), 'debugged-session.ts');
const packageFolder = join(dirname(session), '..', '..');

/** @throws Error that says what was not as recorded. */
export async function replayDebugged({ record, traceDirectory }: Recording, limitSeconds: number): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const scratch = mkdtempSync(join(tmpdir(), 'rr-debugged-'));
  try {
    const words = [process.execPath, '--import', 'tsx', session, traceDirectory, String(seed)];
    const run = await runChild(words, { env: strict, scratch, cwd: packageFolder, label: 'debugged', limitSeconds });
    if (run.status !== 0) throw new Error(`debugged, with seed ${seed}: ${describeEnd(run)}\n${tailOf(run.stderr)}`);
    const text = readFileSync(run.stdout.path, 'latin1');
    const printed = text.slice(text.lastIndexOf(passMark) + passMark.length);
    const recorded = readFileSync(record.stdout.path, 'latin1');
    if (printed !== recorded) {
      throw new Error(`debugged, with seed ${seed}: prints ${printed.length} bytes, recorded were ${recorded.length}
${printed.slice(-500)}\n-- recorded:\n${recorded.slice(-500)}\n${textOf(run.stderr).slice(-500)}`);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
