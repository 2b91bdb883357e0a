/**
 * Builds the programs of test/native, which test native code alone. RR_TEST_SANITIZE=1 builds them with AddressSanitizer
 * and UndefinedBehaviorSanitizer, of which each report ends the program.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const sanitized = process.env.RR_TEST_SANITIZE === '1';
const sanitizers = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];
const baseFlags = ['-std=c++20', '-O1', '-D_GNU_SOURCE', '-Inative', '-Ipreload'];

/** Milliseconds that such a program may take, or its compiler, when nothing else runs; with the sanitizers ten times. */
export function nativeTimeout(milliseconds: number): number {
  return sanitized ? 10 * milliseconds : 4 * milliseconds;
}

/**
 * Path of the program made from test/native/NAME.cc and sources of the package, in `folder`.
 * @param flags of the linker, mostly
 * @throws Error with the compiler's words
 */
export function buildNative(
  folder: string,
  name: string,
  sources: readonly string[],
  flags: readonly string[] = [],
): string {
  const program = join(folder, name);
  const own = join('test/native', `${name}.cc`);
  const words = [...baseFlags, ...(sanitized ? sanitizers : []), '-o', program, own, ...sources, ...flags];
  const { status, stderr, error } = spawnSync('g++', words, { encoding: 'utf8', timeout: nativeTimeout(120_000) });
  if (status !== 0) throw new Error(`g++ ${words.join(' ')}: ${error?.message ?? `status ${status}\n${stderr}`}`);
  return program;
}
