/** Turns a table of guests into tests: one for each guest and recording mode. */
import { suite } from 'uvu';
import { compileGuest } from './compile.ts';
import { recordingModes } from './modes.ts';
import { isInPart, isWanted } from './only.ts';
import { withRecording } from './recording.ts';

export interface GuestRow {
  /** Name of the source below test/guests/FAMILY, without `.c`. */
  readonly guest: string;
  /** When a guest has several rows: what this one is about. */
  readonly title?: string;
  readonly args?: readonly string[];
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Why two native runs print different things: only recording and replay are compared then. */
  readonly varies?: string | undefined;
  /** As in Scenario. */
  readonly prints?: RegExp;
  readonly limitSeconds?: number;
}

/** A row of a table: a guest's name is enough for most. */
export type Guest = string | GuestRow;

/** Declares and runs the tests of one family. */
export function runGuestTests(family: string, guests: readonly Guest[], modes = recordingModes): void {
  const test = suite(`guests: ${family}`);
  for (const row of guests.map((each): GuestRow => (typeof each === 'string' ? { guest: each } : each))) {
    const name = `${family}/${row.guest}`;
    if (!isWanted(name)) continue;
    for (const mode of modes) {
      if (!isInPart()) continue;
      test(`${name}${row.title === undefined ? '' : ` ${row.title}`} (${mode.name})`, async () => {
        await withRecording(name, {
          command: [compileGuest(name), ...(row.args ?? [])],
          mode,
          deterministic: row.varies === undefined,
          ...(row.prints === undefined ? {} : { prints: row.prints }),
          ...(row.input === undefined ? {} : { input: row.input }),
          ...(row.env === undefined ? {} : { env: row.env }),
          ...(row.limitSeconds === undefined ? {} : { limitSeconds: row.limitSeconds }),
        });
      });
    }
  }
  test.run();
}
