import { UsageError } from '../../errors.ts';
import type { Invocation, RunCommand } from '../grammar.ts';
import type { ReplayOptions } from '../options.ts';

/** @throws UsageError BAD_VALUE, NOT_AVAILABLE */
export function replayOptions({ global, values, operands }: Invocation): ReplayOptions {
  if (!values.has('autopilot')) {
    throw new UsageError(
      'NOT_AVAILABLE',
      'replay under a debugger is not available yet; `rr replay -a` replays to the end',
    );
  }
  const [trace] = operands;
  const statsInterval = values.integer('stats', 1);
  return {
    ...global,
    ...(trace === undefined ? {} : { trace }),
    autopilot: true,
    quiet: values.has('no-redirect-output'),
    cpuUnbound: values.has('cpu-unbound'),
    withoutCounter: values.word('counter', ['none']) === 'none',
    ...(statsInterval === undefined ? {} : { statsInterval }),
  };
}

export const run: RunCommand = async (invocation) => {
  const options = replayOptions(invocation);
  const { replay } = await import('../../replay/session.ts');
  return replay(options);
};
