/** Compares everything in a store with its name. */
import type { Store, StoredBlob } from './store.ts';

export interface VerifyReport {
  readonly checked: number;
  readonly checkedBytes: number;
  /** What is not what its name says. */
  readonly wrong: readonly StoredBlob[];
}

/**
 * @param repair puts what is wrong aside, so that the next recording which meets the content puts it again
 * @throws EngineError STORE_UNREADABLE, STORE_UNWRITABLE
 */
export function verifyStore(store: Store, repair: boolean): VerifyReport {
  const wrong: StoredBlob[] = [];
  let checked = 0;
  let checkedBytes = 0;
  for (const blob of store.list()) {
    checked += 1;
    checkedBytes += blob.size;
    // What has gone meanwhile was garbage.
    if (store.check(blob) !== 'changed') continue;
    wrong.push(blob);
    if (repair) store.setTorn(blob);
  }
  return { checked, checkedBytes, wrong };
}
