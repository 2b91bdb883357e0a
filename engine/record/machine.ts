import { existsSync, readFileSync } from 'node:fs';
import { hostname, machine, release, type, version } from 'node:os';
import { thisProcessor } from '../machine/processor-features.ts';
import type { MachineDescription } from '../trace/trace-header.ts';

const domainFile = '/proc/sys/kernel/domainname';

/**
 * The machine as the kernel tells it.
 * @param cpuidRecorded what the program is told by `cpuid` is in the trace
 * @param usesFaulting `cpuid` may be made to trap
 */
export function describeMachine(cpuidRecorded: boolean, usesFaulting: boolean): MachineDescription {
  // The first processor's lines are enough; the file is made anew at each read, a few microseconds a processor.
  const text = readFileSync('/proc/cpuinfo', 'utf8');
  const processor = thisProcessor(text);
  const line = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(text)?.[1];
  return {
    architecture: 'x86_64',
    processor: processor.model,
    features: processor.features,
    kernel: release(),
    cpuidRecorded,
    cpuidFaulting: usesFaulting && (line('flags')?.split(' ').includes('cpuid_fault') ?? false),
    system: {
      sysname: type(),
      nodename: hostname(),
      release: release(),
      version: version(),
      machine: machine(),
      // A container may hide it.
      domainname: existsSync(domainFile) ? readFileSync(domainFile, 'utf8').trimEnd() : '(none)',
    },
  };
}
