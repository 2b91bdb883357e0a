import { byteCount } from '../../dump/text.ts';
import { referencesOfUnregistered } from '../../dump/unregistered-traces.ts';
import { printable } from '../../printable.ts';
import { collectGarbage, type GarbageReport } from '../../store/garbage.ts';
import { Store } from '../../store/store.ts';
import { storeDirectory, traceRoot } from '../../trace/locations.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

function text(report: GarbageReport, isDry: boolean): string {
  const verb = isDry ? 'would remove' : 'removed';
  const lines = [`${verb} ${report.removed} files, ${byteCount(report.removedBytes)}; ${kept(report)}`];
  for (const trace of report.gone) lines.push(`gone: ${printable(trace)}`);
  if (report.earlier > 0) {
    const what = `${report.earlier} files, ${byteCount(report.earlierBytes)}, are from before traces told the store of themselves`;
    lines.push(`${what}; --earlier removes those that no trace in ${printable(traceRoot())} refers to`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function kept({ kept: count, keptBytes }: GarbageReport): string {
  return `${count} stay, ${byteCount(keptBytes)}`;
}

/** `rr gc`. @throws EngineError STORE_MISSING, STORE_BUSY, STORE_UNREADABLE, STORE_UNWRITABLE, TRACE_UNREADABLE */
export const run: RunCommand = async ({ values }) => {
  using store = Store.open(storeDirectory(traceRoot(), values.text('store')));
  const isDry = values.has('dry-run');
  const report = collectGarbage(store, {
    references: referencesOfUnregistered(traceRoot(), store.directory),
    earlier: values.has('earlier'),
    dropUnreachable: values.has('drop-unreachable'),
    dryRun: isDry,
  });
  return print(values.has('json') ? jsonText({ ...report }) : text(report, isDry));
};
