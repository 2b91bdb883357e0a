import { existsSync, readFileSync } from 'node:fs';
import { EngineError } from '../errors.ts';

/** Numbers in a kernel list like `0-3,8`. */
export function parseProcessorList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** Where the kernel lists the faster processors, if there are slower ones too (arch/x86/events/intel/core.c). */
const performanceList = '/sys/devices/cpu_core/cpus';

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/**
 * Those of the faster kind.
 * @param list the kernel's; undefined: all are of one kind
 * @throws EngineError BAD_CPU when none of them is allowed
 */
export function fasterOf(allowed: readonly number[], list: string | undefined): readonly number[] {
  if (list === undefined) return allowed;
  const faster = parseProcessorList(list);
  const usable = allowed.filter((each) => faster.includes(each));
  if (usable.length > 0) return usable;
  throw new EngineError(
    'BAD_CPU',
    `record: --bind-to-cpu p-core: this process may run on ${allowed.join(', ')} only, and the faster processors are ${faster.join(', ')} (see taskset(1))`,
  );
}

function anyOf(processors: readonly number[]): number {
  return processors[Math.floor(Math.random() * processors.length)] ?? 0;
}

/** The processors that this process may run on. */
export function allowedProcessors(): number[] {
  const line = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return parseProcessorList(line?.[1] ?? '0');
}

/**
 * The processor that tracer and tracees are bound to: the one asked for, else any allowed one by chance, so that
 * recordings side by side spread out.
 * @throws EngineError BAD_CPU when the one asked for is not allowed
 */
export function chooseProcessor(wanted: number | 'p-core' | undefined): number {
  const allowed = allowedProcessors();
  if (wanted === undefined) return anyOf(allowed);
  if (wanted === 'p-core') return anyOf(fasterOf(allowed, readIfThere(performanceList)));
  if (allowed.includes(wanted)) return wanted;
  throw new EngineError(
    'BAD_CPU',
    `record: --bind-to-cpu ${wanted}: this process may run on ${allowed.join(', ')} only (see taskset(1), or the container's cpuset)`,
  );
}
