/** Group `threads`: programs whose result depends on who runs when, and on signals in mid-code. */
import { copyFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileGuest } from '../harness/compile.ts';
import { buildOnce } from './build-once.ts';
import type { AcceptanceProgram } from './program.ts';

const python = '/usr/bin/python3';
const folder = join(dirname(fileURLToPath(import.meta.url)), 'sources');
// Servers of runs side by side must not meet.
const firstPort = 20000;
const port = (server: number): string => String(firstPort + 2 * (process.pid % 5000) + server);

function source(name: string): string {
  return join(folder, name);
}

function copied(name: string): (directory: string) => void {
  return (directory) => copyFileSync(source(name), join(directory, name));
}

/** A file of sources/, copied and run by an interpreter. */
function script(name: string, interpreter: string, file: string, ...args: string[]): AcceptanceProgram {
  return { name, command: [interpreter, file, ...args], prepare: copied(file) };
}

/** A guest that has its row under its own name. */
function guest(path: string, more: Partial<AcceptanceProgram> = {}): AcceptanceProgram {
  return { name: basename(path), command: [compileGuest(path)], ...more };
}

function javaProgram(name: string, ...options: string[]): AcceptanceProgram {
  return {
    name,
    command: ['java', ...options, '-cp', '.', 'Threads'],
    needs: ['java', 'javac'],
    prepare: (directory) => {
      const built = buildOnce('Threads.class', source('Threads.java'), (file, into) => ['javac', '-d', into, file]);
      copyFileSync(built, join(directory, 'Threads.class'));
    },
    limitSeconds: 120,
  };
}

function goProgram(): AcceptanceProgram {
  return {
    name: 'go',
    command: ['./goroutines'],
    needs: ['go'],
    prepare: (directory) => {
      const built = buildOnce('goroutines', source('goroutines.go'), (file, into) => [
        'go',
        'build',
        '-o',
        join(into, 'goroutines'),
        file,
      ]);
      copyFileSync(built, join(directory, 'goroutines'));
    },
  };
}

// ^Z stops what runs in the foreground; `kill` then ends it as a job.
const jobControl = `sh -c 'echo go; exec sleep 1000'
\x1ajobs | wc -l
kill -9 %1; wait; echo killed
sleep 1000 & echo $(jobs -r | wc -l)
kill $!; wait $!; echo ended
exit 5
`;

/** Compiles the guests that it names. */
export function threadedPrograms(): readonly AcceptanceProgram[] {
  const lost = 'additions get lost';
  const moments = 'the signals come at other moments';
  return [
    guest('threads/mutex'),
    guest('threads/race', { varies: lost, races: true }),
    guest('threads/spin-wait', { varies: 'how long it spins' }),
    guest('threads/spin-lock'),
    guest('threads/locks'),
    guest('threads/priority-inheritance'),
    guest('threads/futex-queue'),
    guest('threads/many'),
    { name: 'alarm-O0', command: [compileGuest('signals/alarm-depths', '-O0')], varies: moments, races: true },
    { name: 'alarm-O2', command: [compileGuest('signals/alarm-depths', '-O2')], varies: moments, races: true },
    guest('signals/jump-out-of-alarm', { varies: moments }),
    script('python-threads', python, 'threads.py'),
    script('python-asyncio', python, 'asynchronous.py'),
    script('python-processes', python, 'processes.py'),
    script('node', 'node', 'script.js'),
    script('node-children', 'node', 'children.js'),
    script('node-workers', 'node', 'workers.js'),
    { ...script('redis', 'bash', 'redis.sh', port(0)), needs: ['redis-server', 'redis-benchmark', 'redis-cli'] },
    { ...script('nginx', 'bash', 'nginx.sh', port(1)), needs: ['nginx'] },
    javaProgram('java'),
    javaProgram('java-parallel', '-XX:+UseParallelGC'),
    goProgram(),
    {
      name: 'job-control',
      varies: 'pids, and when the shell notices',
      command: ['bash', '--noprofile', '--norc', '--noediting', '-i'],
      terminal: true,
      input: jobControl,
      env: { PS1: '' },
    },
  ];
}
