/**
 * A command of `monitor` that may take long, in three: gdb cannot be interrupted while it waits for the answer to one. It
 * gives up then, and takes that answer for its next request's (gdb 13, remote_target::rcmd).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from '../../errors.ts';
import type { DebugSession } from '../gdb/session.ts';
import { type MonitorCommand, runMonitorCommand } from './monitor-commands.ts';

/** Milliseconds that one question may take: in them gdb does not hear of a Ctrl-C. */
const patience = 100;

type Outcome = { readonly text: string } | { readonly error: unknown };

/** The one that was begun last. */
export class LongCommand {
  readonly #interrupt: () => void;
  #outcome: Promise<Outcome> | undefined;

  /** @param interrupt ends what the target does */
  constructor(interrupt: () => void) {
    this.#interrupt = interrupt;
  }

  /** Ends the one that goes on, and begins another. */
  async begin(work: () => Promise<string>): Promise<void> {
    await this.giveUp();
    this.#outcome = work().then(
      (text) => ({ text }),
      (error: unknown) => ({ error }),
    );
  }

  /** Its text; undefined: it goes on. @throws what it threw, UsageError NOTHING_BEGUN */
  async outcome(): Promise<string | undefined> {
    if (this.#outcome === undefined) throw new UsageError('NOTHING_BEGUN', 'no command goes on');
    const outcome = await Promise.race([this.#outcome, delay(patience, undefined)]);
    if (outcome === undefined) return undefined;
    this.#outcome = undefined;
    if ('error' in outcome) throw outcome.error;
    return outcome.text;
  }

  /** Ends it, if one goes on. */
  async giveUp(): Promise<void> {
    if (this.#outcome === undefined) return;
    this.#interrupt();
    await this.#outcome;
    this.#outcome = undefined;
  }
}

async function begin(session: DebugSession, line: string): Promise<string> {
  await session.longCommand.begin(() => runMonitorCommand(session, line));
  return '';
}

async function outcome({ longCommand }: DebugSession): Promise<string> {
  const text = await longCommand.outcome();
  return text === undefined ? 'goes on\n' : `done\n${text}`;
}

async function giveUp({ longCommand }: DebugSession): Promise<string> {
  await longCommand.giveUp();
  return '';
}

export const longCommands: Readonly<Record<string, MonitorCommand>> = {
  begin: { operands: 'COMMAND', summary: 'begin a command that may take long', run: begin },
  outcome: { operands: '', summary: 'what has come of it: done and its text, or goes on', run: outcome },
  'give-up': { operands: '', summary: 'end it', run: giveUp },
};
