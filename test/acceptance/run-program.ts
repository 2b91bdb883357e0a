/** One program: natively, recorded, replayed, compared. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '../harness/compile.ts';
import type { RecordingMode } from '../harness/modes.ts';
import { type Recording, withRecording } from '../harness/recording.ts';
import type { AcceptanceProgram } from './program.ts';

const defaultLimitSeconds = 300;
const terminal = (): string => compile(join(dirname(fileURLToPath(import.meta.url)), '..', 'harness', 'terminal.c'));

/** How acceptance records: with compression, and with memory checksums as asked (`-C`); none without. */
export function acceptanceMode(checksum: string | undefined, unbuffered = false): RecordingMode {
  const globalOptions = checksum === undefined ? [] : ['-C', checksum];
  const recordOptions = unbuffered ? ['--compress', '-n'] : ['--compress'];
  return { name: [...globalOptions, ...recordOptions].join(' '), globalOptions, recordOptions };
}

export function limitOf(program: AcceptanceProgram): number {
  return program.limitSeconds ?? defaultLimitSeconds;
}

/** @throws Error that tells what is not as it should be */
export async function runProgram(
  program: AcceptanceProgram,
  mode: RecordingMode,
  use: (recording: Recording) => void | Promise<void>,
): Promise<void> {
  await withRecording(
    program.name,
    {
      command: program.command,
      mode,
      deterministic: program.varies === undefined,
      limitSeconds: limitOf(program),
      ...(program.input === undefined ? {} : { input: program.input }),
      ...(program.env === undefined ? {} : { env: program.env }),
      ...(program.prepare === undefined ? {} : { prepare: program.prepare }),
      ...(program.terminal === true ? { wrapper: [terminal()] } : {}),
    },
    use,
  );
}
