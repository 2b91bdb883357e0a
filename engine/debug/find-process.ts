/** The process that a user names. */
import { basename } from 'node:path';
import { EngineError } from '../errors.ts';
import type { ProcessDescription, RecordingDescription } from './target.ts';

/** What its last program goes by: its file, what that was executed by, and its first argument. */
function namesOf({ program, executed, commandName }: ProcessDescription): string[] {
  return [program, executed, commandName].filter((name) => name !== '');
}

/**
 * By pid, by a name of its last program, or by the base name of one; the first of several.
 * @throws EngineError NO_PROCESS that names what there is
 */
export function findProcess({ processes }: RecordingDescription, named: string): ProcessDescription {
  const found = /^[0-9]+$/.test(named)
    ? processes.find(({ pid }) => pid === Number(named))
    : processes.find((each) => namesOf(each).some((name) => name === named || basename(name) === named));
  if (found !== undefined) return found;
  const most = 5;
  const known = processes.slice(0, most).map((each) => `${each.pid} (${basename(namesOf(each).at(-1) ?? 'forked')})`);
  const more = processes.length > most ? ', ...' : '';
  throw new EngineError(
    'NO_PROCESS',
    `the recording has no process ${named || '""'}; it has ${known.join(', ')}${more}: \`rr ps\` lists them`,
  );
}
