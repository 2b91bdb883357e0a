/** The process that a user names. */
import { basename } from 'node:path';
import { EngineError } from '../errors.ts';
import type { ProcessDescription, RecordingDescription } from './target.ts';

/**
 * By pid, by path, or by the base name of its last program; the first of several.
 * @throws EngineError NO_PROCESS that names what there is
 */
export function findProcess({ processes }: RecordingDescription, named: string): ProcessDescription {
  const found = /^[0-9]+$/.test(named)
    ? processes.find(({ pid }) => pid === Number(named))
    : processes.find(({ program }) => program !== '' && (program === named || basename(program) === named));
  if (found !== undefined) return found;
  const most = 5;
  const known = processes.slice(0, most).map(({ pid, program }) => `${pid} (${basename(program) || 'forked'})`);
  const more = processes.length > most ? ', ...' : '';
  throw new EngineError(
    'NO_PROCESS',
    `the recording has no process ${named || '""'}; it has ${known.join(', ')}${more}: \`rr ps\` lists them`,
  );
}
