/** One program: natively, recorded, replayed, compared. */
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../harness/child.ts';
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

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** Commands that the program needs and that no folder of the children's PATH has. */
export function missingCommands(program: AcceptanceProgram): readonly string[] {
  const folders = plainEnvironment.PATH!.split(delimiter);
  return (program.needs ?? []).filter((name) => !folders.some((folder) => isExecutable(join(folder, name))));
}

/** @throws Error that tells what is not as it should be */
export async function runProgram(
  program: AcceptanceProgram,
  mode: RecordingMode,
  use: (recording: Recording) => void | Promise<void>,
): Promise<void> {
  const missing = missingCommands(program);
  if (missing.length > 0) {
    throw new Error(
      `${program.name}: ${missing.join(', ')} missing; sh scripts/install-packages.sh --acceptance installs what is`,
    );
  }
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
