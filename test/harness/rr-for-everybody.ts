/** The command where other users can execute it: a checkout may lie in a folder that only its owner may enter. */
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const built = join(root, 'bin', 'rr');

/** What a started rr reads of its package. */
const parts = [
  'package.json',
  'bin',
  'dist',
  'engine/debug/gdb-script',
  'build/codec.wasm',
  'build/Release/rr-launch',
  'build/Release/rr-runtime',
  'build/Release/rr_engine.node',
  'node_modules/piscina',
  'node_modules/@napi-rs',
];

let command: string | undefined;

/** Path of bin/rr, or of a copy that everybody may enter, which is removed when this process exits. */
export function rrForEverybody(): string {
  command ??= isOpenToAll(dirname(built)) ? built : copy();
  return command;
}

function isOpenToAll(folder: string): boolean {
  const mode = statSync(folder).mode & 0o005;
  return mode === 0o005 && (folder === '/' || isOpenToAll(dirname(folder)));
}

function copy(): string {
  const place = mkdtempSync(join(tmpdir(), 'rr-copy-'));
  chmodSync(place, 0o755);
  process.on('exit', () => rmSync(place, { recursive: true, force: true }));
  for (const part of parts) {
    if (existsSync(join(root, part)))
      cpSync(join(root, part), join(place, 'rr', part), { recursive: true, verbatimSymlinks: true });
  }
  return join(place, 'rr/bin/rr');
}
