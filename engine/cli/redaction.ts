/** `--strip-env` and `--redact`. */
import { UsageError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Redaction } from '../pack/packed-content.ts';
import type { OptionValues } from './parse.ts';

/** Says what is not taken out, where something is. @throws UsageError BAD_VALUE */
export function parseRedaction(values: OptionValues, log: Logger): Redaction {
  const redaction = { stripsEnvironment: values.has('strip-env'), names: values.all('redact').map(checkName) };
  if (isRedacted(redaction)) {
    log.warn(
      'the header goes without these variables; the recorded memory of the programs still has what they were given',
    );
  }
  return redaction;
}

export function isRedacted({ stripsEnvironment, names }: Redaction): boolean {
  return stripsEnvironment || names.length > 0;
}

/** @throws UsageError BAD_VALUE */
function checkName(name: string): string {
  if (name !== '' && !name.includes('=')) return name;
  throw new UsageError('BAD_VALUE', `--redact "${name}": expected the name of a variable`);
}
