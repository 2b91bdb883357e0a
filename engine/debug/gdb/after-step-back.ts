/**
 * Whether a resume backwards looks for the entry of a function. gdb goes back over a call so (infrun.c,
 * process_event_stop_test): it steps back to the function's `ret`, puts a breakpoint at its entry, and resumes; a stop of
 * another frame it rejects, and resumes again. A recursive function would be entered a million times for nothing.
 */
import type { Breakpoint } from '../target.ts';
import type { PacketName } from './packet-table.ts';

/** What gdb sends between such steps. At a stop that its user sees it asks for the threads, too. */
const quiet: ReadonlySet<PacketName> = new Set<PacketName>(['g', 'm', 'p', 'H', 'Z', 'bs', 'bc', 'QPassSignals:']);

export class AfterStepBack {
  /** Since the step; undefined: none has been made, or the user was there. */
  #inserted: Breakpoint[] | undefined;

  stepped(): void {
    this.#inserted = [];
  }

  forget(): void {
    this.#inserted = undefined;
  }

  /** Each packet, before it is handled. */
  packet(name: PacketName): void {
    if (!quiet.has(name)) this.forget();
  }

  inserted(breakpoint: Breakpoint): void {
    this.#inserted?.push(breakpoint);
  }

  /** Address of the entry that a resume backwards looks for, if it stands at that function's return. */
  get entry(): number | undefined {
    const [only, ...others] = this.#inserted ?? [];
    const isOne = only?.kind === 'software' && only.conditions.length === 0 && others.length === 0;
    return isOne ? only.address : undefined;
  }
}
