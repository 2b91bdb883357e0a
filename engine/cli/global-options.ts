import { UsageError } from '../errors.ts';
import type { ChecksumMode, GlobalOptions } from './options.ts';
import { type OptionValues, parseInteger } from './parse.ts';

/** @throws UsageError BAD_VALUE */
export function parseGlobalOptions(values: OptionValues): GlobalOptions {
  const microarchitecture = values.text('microarch');
  const dumpOn = values.text('dump-on');
  const dumpAt = values.integer('dump-at', 1);
  return {
    checksum: parseChecksumMode(values.text('checksum')),
    checkMappings: values.has('check-cached-mmaps'),
    fatalErrors: values.has('fatal-errors'),
    nonInteractive: values.has('non-interactive'),
    markStdio: values.has('mark-stdio'),
    withoutCpuidFaulting: values.has('disable-cpuid-faulting'),
    ...(microarchitecture === undefined ? {} : { microarchitecture }),
    ...(dumpOn === undefined ? {} : { dumpOn }),
    ...(dumpAt === undefined ? {} : { dumpAt }),
    suppressEnvironmentWarnings: values.has('suppress-environment-warnings'),
  };
}

/** @throws UsageError BAD_VALUE */
export function parseChecksumMode(text: string | undefined): ChecksumMode {
  if (text === undefined) return { when: 'never' };
  if (text === 'on-syscalls') return { when: 'syscalls' };
  if (text === 'on-all-events') return { when: 'allEvents' };
  if (text.startsWith('every:')) {
    return { when: 'every', interval: parseInteger(text.slice('every:'.length), '--checksum every:', 1) };
  }
  if (/^[0-9]+$/.test(text)) return { when: 'from', event: parseInteger(text, '--checksum', 0) };
  throw new UsageError(
    'BAD_VALUE',
    `--checksum ${text}: expected on-syscalls, on-all-events, every:N or the number of an event`,
  );
}
