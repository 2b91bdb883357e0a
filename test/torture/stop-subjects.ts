/** What `npm run torture -- --stops` stops: guests, and programs of all kinds that compute for about a second. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cProgramSource } from '../acceptance/sources.ts';
import { threadedPrograms } from '../acceptance/threaded-programs.ts';
import { compile, compileGuest, guestFolder } from '../harness/compile.ts';
import { computingGuests } from '../harness/forced-stops.ts';
import { missingCommands } from '../harness/missing-commands.ts';

export interface StopSubject {
  readonly name: string;
  readonly command: readonly string[];
  readonly prepare?: (directory: string) => void;
}

/** Programs of the acceptance suite that compute enough to be stopped, and commands that must be there for them. */
const acceptanceNames: ReadonlySet<string> = new Set([
  'redis',
  'java',
  'java-parallel',
  'go',
  'python-threads',
  'node',
]);

const nodeScript = `
function fibonacci(n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
const words = new Map();
for (let i = 0; i < 1500000; i++) { const key = 'w' + (i * 7919) % 1009; words.set(key, (words.get(key) ?? 0) + i); }
console.log(fibonacci(33), words.size, [...words.values()].reduce((a, b) => a + b));
`;

const luaScript = `
local t, s = {}, 0
for i = 1, 6e7 do t[i % 1000 + 1] = (t[i % 1000 + 1] or 0) + i; s = (s + t[i % 1000 + 1]) % 1000003 end
print(s)
`;

/** Runs its arguments so often: one start of the recorder for many stops. */
const repeated = 'times=$1; shift; while [ $times -gt 0 ]; do "$@" || exit; times=$((times - 1)); done';

function repeat(times: number, ...command: readonly string[]): string[] {
  return ['sh', '-c', repeated, 'sh', String(times), ...command];
}

function realPrograms(): StopSubject[] {
  const python = (name: string, script: string): StopSubject => ({ name, command: ['/usr/bin/python3', '-c', script] });
  const wanted: (StopSubject & { readonly needs?: string })[] = [
    python('python loop', 'print(sum(i * i % 7 for i in range(14000000)))'),
    python('python calls', 'f = lambda n: n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(30))'),
    {
      name: 'perl',
      command: ['perl', '-e', 'my %h; $h{$_ % 1000} += $_ for 1 .. 5000000; print scalar(keys %h), "\\n"'],
    },
    { name: 'gzip', command: ['gzip', '-9c', '/usr/bin/perl'] },
    { name: 'node jit', command: ['node', '-e', nodeScript], needs: 'node' },
    { name: 'luajit', command: ['luajit', '-e', luaScript], needs: 'luajit' },
    {
      name: 'gcc',
      command: repeat(3, 'gcc', '-O2', '-S', '-o', 'program.s', 'program.c'),
      prepare: (directory) => writeFileSync(join(directory, 'program.c'), cProgramSource()),
    },
    ...threadedPrograms()
      .filter((program) => acceptanceNames.has(program.name) && missingCommands(program).length === 0)
      .map(({ name, command, prepare }) => ({ name, command, ...(prepare === undefined ? {} : { prepare }) })),
  ];
  return wanted.filter(({ needs }) => needs === undefined || hasCommand(needs));
}

function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v "$1"`, 'sh', name]).status === 0;
}

/** Each kind of progress, and ordinary code as compilers make it. */
function guests(): StopSubject[] {
  const mixed = join(guestFolder, 'computing/mixed.c');
  return [
    ...computingGuests.map((name) => ({ name, command: repeat(5, compileGuest(`computing/${name}`)) })),
    { name: 'mixed -O0', command: repeat(20, compile(mixed, '-O0')) },
    { name: 'mixed -O2', command: repeat(20, compile(mixed, '-O2')) },
    { name: 'race', command: repeat(3, compileGuest('threads/race')) },
  ];
}

export function stopSubjects(): StopSubject[] {
  return [...guests(), ...realPrograms()];
}
