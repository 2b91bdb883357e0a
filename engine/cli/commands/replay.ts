import type { Invocation, RunCommand } from '../grammar.ts';
import { readInheritedState } from '../inherited-state.ts';
import { refuseRecordedReplay } from '../nested.ts';
import type { DebugOptions, ReplayOptions, RerunOptions } from '../options.ts';
import { withoutUndefined } from '../without-undefined.ts';

const lastPort = 65_535;

/** Of `-a`. @throws UsageError BAD_VALUE */
export function replayOptions({ global, values, operands }: Invocation): ReplayOptions {
  const [trace] = operands;
  const statsInterval = values.integer('stats', 1);
  return {
    ...global,
    ...withoutUndefined({ trace, statsInterval }),
    quiet: values.has('no-redirect-output'),
    cpuUnbound: values.has('cpu-unbound'),
    withoutCounter: values.word('counter', ['none']) === 'none',
  };
}

/** Without `-a`. @throws UsageError BAD_VALUE */
export function debugOptions({ global, values, operands, afterDashes }: Invocation): DebugOptions {
  const [trace] = operands;
  const optional = {
    trace,
    interpreter: values.text('interpreter'),
    port: values.integer('dbgport', 0, lastPort),
    terminal: values.text('tty'),
    inherited: readInheritedState(),
  };
  const start = {
    process: values.text('onprocess'),
    fork: values.integer('onfork', 1),
    event: values.integer('goto', 1),
  };
  return {
    ...global,
    ...withoutUndefined(optional),
    quiet: values.has('no-redirect-output'),
    cpuUnbound: values.has('cpu-unbound'),
    start: { ...withoutUndefined(start), atEnd: values.has('goto-exit') },
    debuggerFile: values.text('debugger') ?? 'gdb',
    debuggerOptions: [...values.all('debugger-option'), ...afterDashes],
    commandFiles: values.all('gdb-x'),
    fullname: values.has('fullname'),
    host: values.text('dbghost') ?? '127.0.0.1',
    keepsListening: values.has('keep-listening'),
    servesFiles: values.has('serve-files'),
  };
}

/** What `-t` prints of each instruction. */
const tracedRegisters = 'event,icount,tid,ip,gp_x16,flags';

/** Of `-t`: all instructions from the beginning on; undefined without it. @throws UsageError BAD_VALUE */
export function instructionTraceOptions({ global, values, operands }: Invocation): RerunOptions | undefined {
  const end = values.integer('trace', 2);
  if (end === undefined) return undefined;
  const [trace] = operands;
  return {
    ...global,
    ...withoutUndefined({ trace }),
    singlestep: tracedRegisters,
    start: 1,
    end,
    isRaw: false,
    cpuUnbound: values.has('cpu-unbound'),
  };
}

export const run: RunCommand = async (invocation) => {
  refuseRecordedReplay();
  const traced = instructionTraceOptions(invocation);
  if (traced !== undefined) {
    const { rerun } = await import('../../debug/rerun/rerun.ts');
    return rerun(traced);
  }
  if (!invocation.values.has('autopilot')) {
    const options = debugOptions(invocation);
    const { debugRecording } = await import('../../debug/session.ts');
    return debugRecording(options);
  }
  const options = replayOptions(invocation);
  const { replay } = await import('../../replay/session.ts');
  return replay(options);
};
