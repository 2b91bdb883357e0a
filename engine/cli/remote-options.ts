/** What commands for a remote store have in common. */
import { RemoteStore } from '../remote/remote-store.ts';
import type { OptionValues } from './parse.ts';
import { parseTime } from './quantities.ts';

/**
 * The store that an operand, `--remote` or RR_REMOTE names, else `otherwise`; and the other operands.
 * @throws UsageError, RemoteError
 */
export function openRemote(
  values: OptionValues,
  operands: readonly string[],
  otherwise?: string,
): { readonly remote: RemoteStore; readonly rest: readonly string[] } {
  const [first, ...others] = operands;
  const isAddress = first !== undefined && /^[a-z0-9+]+:\/\//i.test(first);
  const address = isAddress ? first : values.text('remote') || process.env.RR_REMOTE || otherwise;
  const timeout = values.text('timeout');
  const remote = RemoteStore.open(address, timeout === undefined ? undefined : parseTime(timeout, '--timeout'));
  return { remote, rest: isAddress ? others : operands };
}
