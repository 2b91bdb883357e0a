import { type ExecutionPoints, fromProbe, probeCounter } from '../../machine/execution-points.ts';
import { type CounterProbe, type MachineFeature, nativeProbes } from '../../machine/native-probes.ts';
import { chooseProcessor } from '../../record/processors.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

/** `rr cpufeatures`. @throws UsageError BAD_VALUE, EngineError ADDON_MISSING */
export const run: RunCommand = async ({ global, values }) => {
  const probe = probeCounter(global.microarchitecture ?? '', chooseProcessor(undefined));
  const points = fromProbe(probe);
  const features = nativeProbes().probeMachine();
  return print(values.has('json') ? json(probe, points, features) : text(probe, points, features));
};

function json(probe: CounterProbe, points: ExecutionPoints, features: readonly MachineFeature[]): string {
  const { processor, microarchitecture, event, assumed, hardwareEvents, hardwareEventsError, specLockMap } = probe;
  return jsonText({
    executionPoint: points,
    processor,
    microarchitecture: microarchitecture === '' ? null : microarchitecture,
    assumed,
    event: event === '' ? null : event,
    hardwareEvents: { works: hardwareEvents, detail: hardwareEventsError },
    ...(specLockMap === '' ? {} : { specLockMap }),
    features,
  });
}

function text(probe: CounterProbe, points: ExecutionPoints, features: readonly MachineFeature[]): string {
  const { processor, microarchitecture, event, assumed, hardwareEvents, hardwareEventsError, specLockMap } = probe;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const kind =
    points.kind === 'ticks' ? 'by a count of retired conditional branches' : 'by their state, without a counter';
  const name = microarchitecture === '' ? 'not in the table' : `${microarchitecture}${assumed ? ' (assumed, -A)' : ''}`;
  const place = processor.hypervisor ? ', in a virtual machine' : '';
  const lines = [
    ['execution points', kind],
    ['because', points.reason],
    ['processor', processor.brand === '' ? processor.vendor : processor.brand],
    [
      'identified as',
      `${processor.vendor} family ${hex(processor.family)} model ${hex(processor.model)} stepping ${processor.stepping}${place}`,
    ],
    ['microarchitecture', name],
    ['event', event === '' ? 'unknown' : event],
    ['PERF hardware events', hardwareEvents ? 'yes' : `no: ${hardwareEventsError}`],
    ...(specLockMap === '' ? [] : [['SpecLockMap', specLockMap]]),
    ...features.map(({ name: feature, works, detail }) => [feature, works ? 'yes' : `no: ${detail}`]),
  ];
  const width = Math.max(...lines.map(([label]) => label!.length));
  return lines.map(([label, value]) => `${label!.padEnd(width)}  ${value}\n`).join('');
}
