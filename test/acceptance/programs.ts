/** Every program that must record and replay. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileGuest } from '../harness/compile.ts';
import type { AcceptanceProgram } from './program.ts';
import {
  bashScript,
  busyboxScript,
  gitEnvironment,
  gitScript,
  perlScript,
  pythonScripts,
  shellLoop,
  sqliteScript,
} from './scripts.ts';
import { cProgramSource, prepareBy, writeCProject } from './sources.ts';

const python = '/usr/bin/python3';
const signalCount = 31;

function file(name: string, content: () => string): (directory: string) => void {
  return (directory) => writeFileSync(join(directory, name), content());
}

function guest(name: string): readonly string[] {
  return [compileGuest(name)];
}

/** Compiles the guests that it names. */
export function acceptancePrograms(): readonly AcceptanceProgram[] {
  return [
    { name: 'true', command: ['true'] },
    { name: 'false', command: ['false'] },
    { name: 'ls', command: ['ls', '-lR', '/usr/include'] },
    { name: 'cat-pipe', command: ['bash', '-c', 'printf "%s\\n" one two three | cat'] },
    { name: 'cat-terminal', command: ['cat'], terminal: true, input: 'first line\nsecond line\n' },
    { name: 'date', command: ['date', '+%N'], varies: 'the time' },
    { name: 'pid', command: ['bash', '-c', 'echo $$'], varies: 'the pid' },
    { name: 'random', command: ['bash', '-c', 'head -c 16 /dev/urandom | xxd'], varies: 'random bytes' },
    { name: 'proc-stat', command: ['cat', '/proc/self/stat'], varies: 'addresses and times' },
    { name: 'bash-loop', command: ['bash', '-c', shellLoop] },
    { name: 'bash-script', command: ['bash', 'script.sh'], prepare: file('script.sh', () => bashScript) },
    { name: 'find-sort', command: ['bash', '-c', 'find /usr -xdev | sort | uniq -c | sort -n'] },
    { name: 'tar-gzip', command: ['bash', '-c', 'tar c /usr/include 2>&1 | gzip -1 | sha256sum'] },
    ...Object.entries(pythonScripts).map(
      ([name, script]): AcceptanceProgram => ({
        name: `python-${name}`,
        command: [python, 'script.py'],
        prepare: file('script.py', () => script),
      }),
    ),
    { name: 'perl', command: ['perl', 'script.pl'], prepare: file('script.pl', () => perlScript) },
    {
      name: 'gcc',
      command: ['gcc', '-O2', '-o', 'program', 'program.c'],
      prepare: file('program.c', cProgramSource),
    },
    {
      name: 'gcc-result',
      command: ['./program', '3'],
      prepare: (directory) => {
        file('program.c', cProgramSource)(directory);
        prepareBy(directory, 'gcc', '-O2', '-o', 'program', 'program.c');
      },
    },
    { name: 'make', command: ['make', '-j2', '-s', 'check'], prepare: writeCProject },
    { name: 'git', command: ['bash', 'script.sh'], env: gitEnvironment, prepare: file('script.sh', () => gitScript) },
    { name: 'sqlite3', command: ['sqlite3', 'data.db', '.read script.sql'], prepare: file('script.sql', sqliteScript) },
    { name: 'busybox', command: ['busybox', 'sh', 'script.sh'], prepare: file('script.sh', () => busyboxScript) },
    { name: 'crash', command: guest('processes/crash') },
    ...Array.from(
      { length: signalCount },
      (_, index): AcceptanceProgram => ({
        name: `signal-${index + 1}`,
        command: [...guest('processes/killed-by'), String(index + 1)],
      }),
    ),
    { name: 'rdtsc', command: guest('time/rdtsc'), varies: 'the time stamp counter' },
    { name: 'dd', command: ['dd', 'if=/dev/zero', 'of=file', 'bs=64k', 'count=8000', 'status=noxfer'] },
    { name: 'cp', command: ['cp', '-r', '/usr/include', 'copy'] },
    { name: 'daemon', command: guest('processes/daemon') },
    { name: 'close-all', command: guest('descriptors/close-all') },
    { name: 'clear-environment', command: guest('processes/clear-environment') },
    { name: 'removed-directory', command: guest('files/removed-directory') },
    { name: 'drop-user', command: guest('processes/drop-user') },
  ];
}
