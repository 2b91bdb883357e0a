/**
 * Compiles guests, once for each state of their source: the binary's folder is named by a hash of all that goes in, the
 * source's path among it, where debuggers look for its lines. Two test files may compile the same guest at once.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const guestFolder = join(dirname(fileURLToPath(import.meta.url)), '..', 'guests');

const headLines = 10;
const baseFlags = ['-D_GNU_SOURCE', '-O1', '-g', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror'];

/** Flags from a comment `// build: FLAGS` among the first lines of the source. */
function ownFlags(source: string): string[] {
  const head = source.split('\n', headLines).join('\n');
  const match = /^\/\/ build: (.+)$/m.exec(head);
  return match?.[1] === undefined ? [] : match[1].trim().split(/\s+/);
}

/** A source and all that it includes by a relative name, each once; what is not there the compiler will tell. */
function withIncluded(source: string, found = new Map<string, string>()): ReadonlyMap<string, string> {
  if (found.has(source) || !existsSync(source)) return found;
  const text = readFileSync(source, 'utf8');
  found.set(source, text);
  for (const [, name = ''] of text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    withIncluded(join(dirname(source), name), found);
  }
  return found;
}

/**
 * Path of the binary made from a C or C++ file (.cc), with the flags that it names and those given.
 * @throws Error with the compiler's words.
 */
export function compile(source: string, ...added: readonly string[]): string {
  const text = readFileSync(source, 'utf8');
  const flags = [...ownFlags(text), ...added];
  const content = createHash('sha256').update([...baseFlags, source, ...flags].join(' '));
  for (const each of withIncluded(source).values()) content.update(`\n${each.length}\n`).update(each);
  const hash = content.digest('hex').slice(0, 16);
  const cache = join(tmpdir(), `rr-engine-guests-${process.getuid?.() ?? 0}`);
  const folder = join(cache, hash);
  const isCpp = source.endsWith('.cc');
  const name = basename(source, isCpp ? '.cc' : '.c');
  const binary = join(folder, name);
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  const making = mkdtempSync(join(cache, 'making-'));
  const built = join(making, name);
  const { status, stderr, error } = spawnSync(isCpp ? 'g++' : 'gcc', [...baseFlags, source, '-o', built, ...flags], {
    encoding: 'utf8',
  });
  if (error !== undefined) throw new Error(`gcc cannot be run: ${error.message}; install it: apt-get install gcc`);
  if (status !== 0) {
    rmSync(making, { recursive: true, force: true });
    throw new Error(`gcc ${source}: status ${status}\n${stderr}`);
  }
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  // Another process may have put the same binary there; either is right.
  renameSync(built, binary);
  rmSync(making, { recursive: true, force: true });
  return binary;
}

/** Path of the binary of guest `FAMILY/NAME`. */
export function compileGuest(name: string, ...added: readonly string[]): string {
  return compile(join(guestFolder, `${name}.c`), ...added);
}
