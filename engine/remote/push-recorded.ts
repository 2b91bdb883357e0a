/** Brings a recording that has just been made to a remote store. */
import { EngineError } from '../errors.ts';
import { logger, printMessage } from '../log.ts';
import { printable } from '../printable.ts';
import { pushTrace } from './push-trace.ts';
import { RemoteStore } from './remote-store.ts';

const log = logger('record');

/** Says where the recording is now, or why it is not, and what to do. */
export async function pushRecorded(address: string | undefined, directory: string): Promise<boolean> {
  try {
    using remote = RemoteStore.open(address);
    const { name, hash } = await pushTrace(remote, directory, { stripsEnvironment: false, names: [] });
    printMessage(`pushed: rr pull ${printable(remote.name)} ${name ?? hash}`);
    return true;
  } catch (error) {
    if (!(error instanceof EngineError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    log.error(`not pushed: ${printable((error as Error).message)}; \`rr push ${directory}\` tries again`);
    return false;
  }
}
