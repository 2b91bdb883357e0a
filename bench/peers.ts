/** Other tools that record or trace, measured where they are installed: once each, because most of them are slow. */
import { accessSync, constants, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rrCommand } from '../test/harness/recording.ts';
import { type Measurement, measure } from './measure.ts';
import type { Workload } from './workload.ts';

export interface PeerResult {
  readonly peer: string;
  /** Undefined when it could not do it; `failure` says why. */
  readonly record?: Measurement;
  readonly replay?: Measurement;
  readonly failure?: string;
}

interface Peer {
  readonly name: string;
  readonly takes: (workload: Workload) => boolean;
  /** Command that records; `folder` is an empty directory of its own. */
  readonly record: (workload: Workload, folder: string) => readonly string[];
  readonly replay?: (folder: string) => readonly string[];
  /** What it prints when it went through to the end, for a tool whose exit status does not tell. */
  readonly proof?: string;
}

const limitSeconds = 120;

function findCommand(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch (error) {
      // Not there, or not for us to run: the next folder may have it.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
  return undefined;
}

/** What is installed. */
export function findPeers(): readonly Peer[] {
  const peers: Peer[] = [];
  const strace = findCommand('strace');
  if (strace !== undefined) {
    peers.push({
      name: 'strace -f',
      takes: () => true,
      record: (workload, folder) => [strace, '-f', '-o', join(folder, 'log'), ...workload.command],
    });
  }
  const gdb = findCommand('gdb');
  if (gdb !== undefined) {
    const commands = [
      'set confirm off',
      'set startup-with-shell off',
      'set record full stop-at-limit off',
      'starti',
      'record full',
      'continue',
    ];
    peers.push({
      name: 'gdb record full',
      takes: (workload) => workload.tiny === true,
      proof: 'exited normally',
      record: (workload) => [
        gdb,
        '-nx',
        '-batch',
        ...commands.flatMap((each) => ['-ex', each]),
        '--args',
        ...workload.command,
      ],
    });
  }
  const rr = findCommand('rr');
  if (rr !== undefined && realpathSync(rr) !== realpathSync(rrCommand)) {
    peers.push({
      name: 'rr',
      takes: () => true,
      record: (workload, folder) => [rr, 'record', '-o', join(folder, 'trace'), ...workload.command],
      replay: (folder) => [rr, 'replay', '-a', join(folder, 'trace')],
    });
  }
  return peers;
}

export async function measurePeer(
  peer: Peer,
  workload: Workload,
  places: { readonly cwd: string; readonly scratch: string },
): Promise<PeerResult> {
  const options = { ...places, limitSeconds, ...(workload.env === undefined ? {} : { env: workload.env }) };
  try {
    const record = await measure(peer.record(workload, places.scratch), options);
    const printed = readFileSync(join(places.scratch, 'measure.out'), 'latin1');
    if (peer.proof !== undefined && !printed.includes(peer.proof)) {
      return { peer: peer.name, failure: printed.trim().split('\n').slice(-3).join(' ') };
    }
    const replay = peer.replay === undefined ? undefined : await measure(peer.replay(places.scratch), options);
    return { peer: peer.name, record, ...(replay === undefined ? {} : { replay }) };
  } catch (error) {
    return { peer: peer.name, failure: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(join(places.scratch, 'trace'), { recursive: true, force: true });
  }
}
