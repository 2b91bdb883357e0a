/** The programs that are measured. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gitEnvironment, shellLoop, sqliteScript } from '../test/acceptance/scripts.ts';
import { cProgramSource, prepareBy, writeCProject } from '../test/acceptance/sources.ts';
import { compile } from '../test/harness/compile.ts';
import { benchFolder } from './measure.ts';
import type { Workload } from './workload.ts';

const python = '/usr/bin/python3';
const fibonacci = 'f = lambda n: n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(32))';
const nodeFibonacci = 'const f = (n) => (n < 2 ? n : f(n - 1) + f(n - 2)); console.log(f(38))';
const gzipBytes = 16 << 20;
const sortLines = 400_000;
const calls = 1_000_000;
/** Fewer where each call stops: the cost of one is what counts. */
const tracedCalls = 100_000;
const transfers = 300_000;
const forks = 2000;
const processes = 200;
const turns = 200_000;

/** Numbers that look random and are the same each time. */
function* numbers(count: number): Generator<number> {
  let state = 12345;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    yield state >>> 8;
  }
}

function writeSortInput(directory: string): void {
  writeFileSync(join(directory, 'lines'), [...numbers(sortLines)].map((value) => `line ${value}\n`).join(''));
}

function writeGzipInput(directory: string): void {
  const words = ['record', 'replay', 'event', 'signal', 'process', 'memory', 'register', 'trace', 'frame', 'lane'];
  const parts: string[] = [];
  let length = 0;
  for (const value of numbers(gzipBytes / 4)) {
    const part = value % 7 === 0 ? `${value}\n` : `${words[value % words.length]} `;
    parts.push(part);
    length += part.length;
    if (length >= gzipBytes) break;
  }
  writeFileSync(join(directory, 'text'), parts.join('').slice(0, gzipBytes));
}

function writeRepository(directory: string): void {
  writeCProject(directory);
  prepareBy(directory, 'git', 'init', '-q', '-b', 'main');
  prepareBy(directory, 'git', 'add', '.');
  prepareBy(directory, 'git', '-c', 'user.name=a', '-c', 'user.email=a@example.invalid', 'commit', '-q', '-m', 'first');
}

/** Compiles the small programs. */
export function benchWorkloads(): readonly Workload[] {
  const program = (name: string): string => compile(join(benchFolder, 'programs', `${name}.c`));
  return [
    { name: 'true', command: ['true'], tiny: true },
    { name: 'bash-pipe-loop', command: ['bash', '-c', shellLoop] },
    { name: 'git-status', command: ['git', 'status'], env: gitEnvironment, prepare: writeRepository },
    { name: 'python-sum', command: [python, '-c', 'print(sum(range(10**6)))'] },
    { name: 'ls', command: ['ls', '-lR', '/usr/include'] },
    {
      name: 'sqlite3',
      command: ['sqlite3', 'data.db', '.read script.sql'],
      prepare: (directory) => writeFileSync(join(directory, 'script.sql'), sqliteScript()),
    },
    {
      name: 'gcc',
      command: ['gcc', '-O2', '-o', 'program', 'program.c'],
      prepare: (directory) => writeFileSync(join(directory, 'program.c'), cProgramSource()),
    },
    { name: 'make', command: ['make', '-j2', '-s', 'check'], prepare: writeCProject },
    { name: 'getppid', command: [program('getppid'), String(calls)], units: calls },
    {
      name: 'getppid-unbuffered',
      command: [program('getppid'), String(tracedCalls)],
      recordOptions: ['-n'],
      units: tracedCalls,
    },
    { name: 'small-transfers', command: [program('small-transfers'), String(transfers)], units: 2 * transfers },
    { name: 'clock', command: [program('clock'), String(calls)], units: calls },
    { name: 'rdtsc', command: [program('rdtsc'), String(calls)], units: calls },
    {
      name: 'rdtsc-unbuffered',
      command: [program('rdtsc'), String(tracedCalls)],
      recordOptions: ['-n'],
      units: tracedCalls,
    },
    { name: 'ping-pong', command: [program('ping-pong'), String(turns)], units: turns },
    { name: 'spin', command: [program('spin')] },
    { name: 'alarm', command: [program('alarm')] },
    { name: 'mixing', command: [program('mixing')] },
    { name: 'branches', command: [program('branches')] },
    { name: 'forks', command: [program('forks'), String(forks)], units: forks },
    { name: 'processes', command: [program('processes'), String(processes)], units: processes },
    {
      name: 'bash-true-loop',
      command: ['bash', '-c', 'for ((i = 0; i < 200; i++)); do /bin/true; done'],
      units: processes,
    },
    { name: 'python-fibonacci', command: [python, '-c', fibonacci] },
    {
      name: 'redis',
      command: ['bash', join(benchFolder, '../test/acceptance/sources/redis.sh'), '17387'],
      needs: ['redis-server', 'redis-benchmark', 'redis-cli'],
    },
    { name: 'node', command: ['node', '-e', 'console.log([3, 1, 2].sort().join())'] },
    { name: 'node-fibonacci', command: ['node', '-e', nodeFibonacci] },
    { name: 'gzip', command: ['gzip', '-6', '-k', 'text'], prepare: writeGzipInput },
    { name: 'sort', command: ['bash', '-c', 'sort lines | tail -1'], prepare: writeSortInput },
    { name: 'cp', command: ['cp', '-r', '/usr/include', 'copy'], memoryFileSystem: true },
    { name: 'dd', command: ['dd', 'if=/dev/zero', 'of=file', 'bs=64k', 'count=8000', 'status=none'] },
  ];
}
