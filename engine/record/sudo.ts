/** `record --setuid-sudo`: the recorder stays root, so that set-user-id programs keep their rights; the program does not. */
import { EngineError } from '../errors.ts';
import { findProgram } from './program.ts';

const systemPath = Buffer.from('/usr/bin:/bin:/usr/sbin:/sbin');

/** What is executed in a program's place. */
export interface Command {
  /** Path. */
  readonly program: Buffer;
  /** argv. */
  readonly arguments: readonly Buffer[];
}

/**
 * Words that become the user who called sudo (sudo(8): SUDO_UID, SUDO_GID), with all his groups, and then execute the
 * program of these arguments.
 * @throws EngineError NOT_UNDER_SUDO, PROGRAM_NOT_FOUND when there is no setpriv(1)
 */
export function asCallerOfSudo(args: readonly Buffer[], environment: NodeJS.ProcessEnv = process.env): Command {
  const user = numberIn(environment, 'SUDO_UID');
  const group = numberIn(environment, 'SUDO_GID');
  const setpriv = Buffer.from('setpriv');
  const words = ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--init-groups', '--'];
  return { program: findProgram(setpriv, systemPath), arguments: [...words.map((each) => Buffer.from(each)), ...args] };
}

function numberIn(environment: NodeJS.ProcessEnv, name: string): string {
  const text = environment[name] ?? '';
  if (process.getuid?.() === 0 && /^\d{1,10}$/.test(text)) return text;
  throw new EngineError(
    'NOT_UNDER_SUDO',
    `record --setuid-sudo: ${process.getuid?.() === 0 ? `${name} is not set` : 'this is not root'}; start it as \`sudo rr record --setuid-sudo EXE\``,
  );
}
