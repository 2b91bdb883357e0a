import { readFileSync } from 'node:fs';
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
export function chooseProcessor(wanted: number | undefined): number {
  const allowed = allowedProcessors();
  if (wanted === undefined) return allowed[Math.floor(Math.random() * allowed.length)] ?? 0;
  if (allowed.includes(wanted)) return wanted;
  throw new EngineError(
    'BAD_CPU',
    `record: --bind-to-cpu ${wanted}: this process may run on ${allowed.join(', ')} only (see taskset(1), or the container's cpuset)`,
  );
}
