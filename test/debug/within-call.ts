/** Where no step ends. */
import type { RemoteTarget } from '../../engine/debug/target.ts';
import { registerIndex } from '../../engine/generated/schema.ts';

/** Whether the task stands between the entry and the end of a system call, where no step ends. */
export async function isWithinCall(target: RemoteTarget): Promise<boolean> {
  const { general } = await target.registers((await target.state()).tid);
  const noSuchCall = -38;
  const isInCall = (general[2 * registerIndex.orig_rax]! | 0) >= 0;
  return isInCall && (general[2 * registerIndex.rax]! | 0) === noSuchCall;
}
