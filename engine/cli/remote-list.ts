/** `rr ls --remote`: the recordings of a store elsewhere. */
import { exitOf } from '../dump/process-table.ts';
import { byteCount, shellWords } from '../dump/text.ts';
import { printable } from '../printable.ts';
import { inParallel } from '../remote/in-parallel.ts';
import type { Manifest, RemoteBytes } from '../remote/manifest.ts';
import { fetchManifest } from '../remote/pull-trace.ts';
import { RemoteError } from '../remote/remote-error.ts';
import { findCommand, globalOptions } from './command-table.ts';
import { configuredOptions } from './configuration.ts';
import type { OptionValues } from './parse.ts';
import { jsonText, print } from './print.ts';
import { openRemote } from './remote-options.ts';
import { columns } from './text-table.ts';

/** Manifests that are asked for at the same time. */
const atOnce = 8;

interface RemoteEntry {
  readonly name: string;
  /** Undefined when it cannot be read; `problem` tells why. */
  readonly manifest: Manifest | undefined;
  readonly problem: string | undefined;
}

/** The store that `rr pull` is configured for: what is listed can be pulled. @throws UsageError BAD_CONFIGURATION */
function pulledFrom(values: OptionValues): string | undefined {
  const pull = findCommand('pull');
  if (pull === undefined || values.has('no-config')) return undefined;
  return configuredOptions(pull, globalOptions).text('remote');
}

/** With `-l`, `-t` or `--json` each one is looked at. @throws UsageError, RemoteError */
export async function listRemote(values: OptionValues, prefixes: readonly string[]): Promise<number> {
  const { remote, rest } = openRemote(values, prefixes, pulledFrom(values));
  try {
    const names = (await remote.list()).filter(
      (name) => rest.length === 0 || rest.some((each) => name.startsWith(each)),
    );
    const isLong = values.has('long') || values.has('json') || values.has('time');
    const entries = new Map<string, RemoteEntry>(
      names.map((name) => [name, { name, manifest: undefined, problem: undefined }]),
    );
    if (isLong) {
      await inParallel(names, atOnce, async (name) => {
        try {
          entries.set(name, { name, manifest: await fetchManifest(remote, name), problem: undefined });
        } catch (error) {
          if (!(error instanceof RemoteError)) throw error;
          entries.set(name, { name, manifest: undefined, problem: error.message });
        }
      });
    }
    const sorted = [...entries.values()];
    const created = ({ manifest }: RemoteEntry) => manifest?.created ?? '';
    if (values.has('time')) sorted.sort((one, other) => created(other).localeCompare(created(one)));
    if (values.has('reverse')) sorted.reverse();
    if (values.has('json')) return print(sorted.map(jsonLine).join(''));
    if (values.has('long')) return print(longLines(sorted));
    return print(sorted.map(({ name }) => `${printable(name)}\n`).join(''));
  } finally {
    remote[Symbol.dispose]();
  }
}

/** Bytes of the trace; what it refers to in the store is not among them. */
function sizeOf({ lanes, version }: Manifest): number {
  const all: RemoteBytes[] = [version, ...Object.values(lanes)];
  return all.reduce((sum, { size }) => sum + size, 0);
}

function longLines(entries: readonly RemoteEntry[]): string {
  const rows = entries.map(({ name, manifest, problem }) => [
    printable(name),
    printable(manifest?.host ?? ''),
    printable(manifest?.created.slice(0, 19).replace('T', ' ') ?? ''),
    manifest === undefined ? '' : byteCount(sizeOf(manifest)),
    manifest?.status === undefined ? '--' : String(exitOf(manifest.status)),
    manifest === undefined ? `(${printable(problem ?? '')})` : shellWords(manifest.arguments),
  ]);
  return columns([['NAME', 'HOST', 'WHEN (UTC)', 'SIZE', 'EXIT', 'CMD'], ...rows], [3, 4]);
}

function jsonLine({ name, manifest, problem }: RemoteEntry): string {
  const { created, host, arguments: words, status } = manifest ?? {};
  return jsonText({
    name,
    host: host ?? null,
    size: manifest === undefined ? null : sizeOf(manifest),
    created: created ?? null,
    arguments: words ?? null,
    status: status ?? null,
    problem: problem ?? null,
  });
}
