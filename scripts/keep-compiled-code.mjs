// Has V8 keep the compiled code of the command line beside the bundle (engine/cli/start.ts): a start then takes some
// 15 ms less. What a command runs is kept; so a program is recorded, replayed and listed here. Where that cannot be, as in
// a container that lets nobody trace, nothing is kept of it, and commands start as they did.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const start = fileURLToPath(new URL('../dist/rr.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rr-compiled-'));
const trace = join(folder, 'trace');
try {
  for (const words of [
    ['record', '-o', trace, '--store', join(folder, 'store'), 'true'],
    ['replay', '-a', trace],
    ['ps', trace],
    ['help'],
  ]) {
    spawnSync(process.execPath, [start, ...words], { stdio: 'ignore', env: { ...process.env, RR_KEEP_COMPILED: '1' } });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
