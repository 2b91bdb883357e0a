/** Where the descendants of a process stand: what each of their threads waits for in the kernel. */
import { readdirSync, readFileSync } from 'node:fs';

/** The file's text without its end of line; undefined where the task has gone meanwhile. */
function readTask(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trimEnd();
  } catch {
    return undefined;
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
}

function readProcesses(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readTask(`/proc/${name}/stat`);
      // proc_pid_stat(5): the name, in parentheses, may hold anything; behind it come state and ppid.
      const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      return parent === undefined ? [] : [{ pid: Number(name), parent: Number(parent) }];
    });
}

/** A line: each thread of the descendants of `root`, with its name, state, and the function that it sleeps in. */
export function whereTheyStand(root: number): string {
  const processes = readProcesses();
  const found = [root];
  for (const pid of found) found.push(...processes.filter(({ parent }) => parent === pid).map((each) => each.pid));
  const words: string[] = [];
  for (const pid of found.slice(1)) {
    for (const tid of readdirSafely(`/proc/${pid}/task`)) {
      const stat = readTask(`/proc/${pid}/task/${tid}/stat`);
      if (stat === undefined) continue;
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const state = stat.slice(stat.lastIndexOf(')') + 2)[0];
      words.push(`${tid} ${name} ${state} ${readTask(`/proc/${pid}/task/${tid}/wchan`) ?? ''}`);
    }
  }
  return words.join('; ');
}

function readdirSafely(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // ended meanwhile
  }
}
