/** Programs that a compiler other than gcc makes: built once for each state of their source, beside the guests. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { prepareBy } from './sources.ts';

/**
 * Path of what `command` makes: the file `name` in the folder that it is told to build into.
 * @throws Error with the compiler's words.
 */
export function buildOnce(
  name: string,
  source: string,
  command: (source: string, into: string) => readonly [string, ...string[]],
): string {
  const cache = join(tmpdir(), `rr-engine-guests-${process.getuid?.() ?? 0}`);
  const hash = createHash('sha256').update(readFileSync(source)).update(command('', '').join(' ')).digest('hex');
  const built = join(cache, hash.slice(0, 16), name);
  if (existsSync(built)) return built;
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  const making = mkdtempSync(join(cache, 'making-'));
  const [compiler, ...args] = command(source, making);
  prepareBy(making, compiler, ...args);
  mkdirSync(dirname(built), { recursive: true, mode: 0o755 });
  renameSync(join(making, name), built);
  rmSync(making, { recursive: true, force: true });
  return built;
}
