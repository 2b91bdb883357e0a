import { byteCount } from '../../dump/text.ts';
import { UsageError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { sizesByTrace } from '../../store/sizes.ts';
import { Store } from '../../store/store.ts';
import { verifyStore } from '../../store/verify.ts';
import { storeDirectory, traceRoot } from '../../trace/locations.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

function byTrace(store: Store, isJson: boolean): number {
  const sizes = sizesByTrace(store).sort((one, other) => other.ownBytes - one.ownBytes);
  if (isJson)
    return print(sizes.map(({ problem, ...each }) => jsonText({ ...each, problem: problem ?? null })).join(''));
  const rows = sizes.map(({ directory, bytes, ownBytes, missing, problem }) => {
    const note = problem === undefined ? (missing > 0 ? `  (${missing} files are missing)` : '') : `  (${problem})`;
    return `${byteCount(bytes).padStart(8)}  ${byteCount(ownBytes).padStart(8)}  ${printable(directory)}${note}\n`;
  });
  return print(`${'SIZE'.padStart(8)}  ${'OWN'.padStart(8)}  TRACE\n${rows.join('')}`);
}

function list(store: Store, isJson: boolean): number {
  for (const { kind, size, hash } of store.list()) {
    print(isJson ? jsonText({ kind, size, hash }) : `${kind.padEnd(5)} ${String(size).padStart(10)} ${hash}\n`);
  }
  return 0;
}

/** Status 1 when something is wrong and was not put aside. */
function verify(store: Store, repair: boolean, isJson: boolean): number {
  const { checked, checkedBytes, wrong } = verifyStore(store, repair);
  const done = repair ? 'put aside' : '`rr store verify --repair` puts it aside';
  if (isJson)
    print(jsonText({ checked, checkedBytes, wrong: wrong.map(({ kind, hash }) => ({ kind, hash })), repair }));
  else {
    for (const { kind, hash } of wrong) print(`${kind} ${hash} is not what its name says; ${done}\n`);
    print(
      `${checked} files, ${byteCount(checkedBytes)}: ${wrong.length === 0 ? 'all right' : `${wrong.length} wrong`}\n`,
    );
  }
  return wrong.length > 0 && !repair ? 1 : 0;
}

/** `rr store [verify [--repair]] [--by-trace]`. @throws UsageError BAD_OPERAND; EngineError STORE_MISSING, STORE_UNREADABLE */
export const run: RunCommand = async ({ values, operands }) => {
  const [what] = operands;
  if (what !== undefined && what !== 'verify') {
    throw new UsageError('BAD_OPERAND', `store: "${what}" is nothing that it does; rr store, or rr store verify`);
  }
  if (values.has('repair') && what === undefined) {
    throw new UsageError('BAD_OPERAND', 'store: --repair goes with rr store verify');
  }
  using store = Store.open(storeDirectory(traceRoot(), values.text('store')));
  const isJson = values.has('json');
  if (what === 'verify') return verify(store, values.has('repair'), isJson);
  return values.has('by-trace') ? byTrace(store, isJson) : list(store, isJson);
};
