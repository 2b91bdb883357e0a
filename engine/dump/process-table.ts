/** The processes of a recording, from its task records. */
import { signalName } from '../syscalls/signal-names.ts';

/** A task record with its strings: what a TaskView tells, as a value. */
export interface TaskEvent {
  readonly kind: 'start' | 'exec' | 'exit';
  readonly tid: number;
  readonly parentTid: number;
  readonly threadGroup: number;
  /** start: CLONE_* flags. */
  readonly cloneFlags: number;
  /** exit: the wait status. */
  readonly status: number;
  /** exec: the path, then the arguments. */
  readonly strings: readonly string[];
}

export interface ProcessEntry {
  readonly pid: number;
  /** What it is called in its own pid namespace; undefined where that is `pid`, or not known. */
  namespacePid: number | undefined;
  /** Undefined for the first process. */
  readonly parentPid: number | undefined;
  /** Exit status, or the negative number of the signal that ended it; undefined when its end was not recorded. */
  exit: number | undefined;
  /** Arguments of its last exec; undefined when it has made none. */
  command: readonly string[] | undefined;
}

/** Exit status of a wait status, or the negative number of the signal. */
export function exitOf(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : -signal;
}

/** `exited with 1`, `killed by SIGSEGV`. */
export function waitStatusText(status: number): string {
  const exit = exitOf(status);
  return exit < 0 ? `killed by ${signalName(-exit)}` : `exited with ${exit}`;
}

const newPidNamespace = 0x2000_0000;

/** Gathers the processes, in the order in which they began. A pid that is used again is another process. */
export class ProcessTable {
  readonly processes: ProcessEntry[] = [];
  readonly #alive = new Map<number, ProcessEntry>();
  readonly #groupByTid = new Map<number, number>();
  /** Processes whose maker, by tid, is still in the call that made them. */
  readonly #beingMade = new Map<number, ProcessEntry>();
  /** Tids whose next process is the first of another pid namespace; false: the one after. */
  readonly #unshared = new Map<number, boolean>();

  add(event: TaskEvent): void {
    const { kind, tid, parentTid, threadGroup, cloneFlags, status, strings } = event;
    if (kind === 'start') {
      this.#groupByTid.set(tid, threadGroup);
      if (tid !== threadGroup) return;
      const parentPid = parentTid === 0 ? undefined : (this.#groupByTid.get(parentTid) ?? parentTid);
      const isFirst = (cloneFlags & newPidNamespace) !== 0 || this.#unshared.get(parentTid) === true;
      const namespacePid = isFirst ? 1 : undefined;
      const entry: ProcessEntry = { pid: tid, namespacePid, parentPid, exit: undefined, command: undefined };
      this.processes.push(entry);
      this.#alive.set(tid, entry);
      if (this.#unshared.has(parentTid)) this.#unshared.set(parentTid, false);
      else if (!isFirst) this.#beingMade.set(parentTid, entry);
      return;
    }
    const entry = this.#alive.get(threadGroup);
    if (entry === undefined) return;
    if (kind === 'exec') entry.command = strings.slice(1);
    // The process has the status of its leader, whichever thread goes last.
    else if (tid === threadGroup) entry.exit = exitOf(status);
  }

  /** A task's call that made a process has given it that number: as the maker sees it, and what it made. */
  made(tid: number, result: number): void {
    const entry = this.#beingMade.get(tid);
    this.#beingMade.delete(tid);
    if (entry !== undefined && result !== entry.pid) entry.namespacePid = result;
  }

  /** What the task makes from now on is in a pid namespace of its own. */
  unshared(tid: number): void {
    this.#unshared.set(tid, true);
  }
}
