/** A recording as the engine's own interface shows it to whoever speaks a debugger's protocol. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRemoteTarget } from '../../engine/debug/remote-target.ts';
import type { RemoteTarget } from '../../engine/debug/target.ts';
import { registerIndex } from '../../engine/generated/schema.ts';
import { runChild } from '../harness/child.ts';
import { rrCommand } from '../harness/recording.ts';
import { strict } from './recording.ts';

Object.assign(process.env, strict);

/** Records a command, and gives its recording to `body`; nothing is left of it. */
export async function withTarget(
  command: readonly string[],
  body: (target: RemoteTarget, directory: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rr-target-'));
  const directory = join(folder, 'trace');
  try {
    const words = [rrCommand, 'record', '-o', directory, '--store', join(folder, 'store'), ...command];
    const record = await runChild(words, { scratch: folder, cwd: folder, label: 'record', limitSeconds: 120 });
    if (record.signal !== undefined) throw new Error(`the recording was killed: ${record.signal}`);
    const { target, close } = await openRemoteTarget({ directory, quiet: true, cpuUnbound: false });
    try {
      await body(target, directory);
    } finally {
      await close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Numbers from 0 to 1, the same in each run (mulberry32, as published by Tommy Ettinger). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A register of the task that stands at the place. */
export async function registerOf(target: RemoteTarget, name: keyof typeof registerIndex): Promise<number> {
  const { general } = await target.registers((await target.state()).tid);
  const index = registerIndex[name];
  return general[2 * index]! + general[2 * index + 1]! * 2 ** 32;
}

const stackBytes = 4096;

/** Registers of the task that stands at the place, and its stack, or all that it can write; with what names them. */
export async function stateOf(target: RemoteTarget, memory: 'stack' | 'all' = 'stack'): Promise<string> {
  const { tid, process } = await target.state();
  const { general, xsave } = await target.registers(tid);
  const rip = await registerOf(target, 'rip');
  const words = Uint32Array.from(general);
  // Whether the processor knows that a component has its first values (XSTATE_BV) is of no matter, either.
  xsave.fill(0, 512, 520);
  const sum = createHash('sha256').update(new Uint8Array(words.buffer)).update(xsave);
  if (memory === 'stack') sum.update(await target.readMemory((await registerOf(target, 'rsp')) - 128, stackBytes));
  else
    for (const [start, length] of await writable(target, process)) sum.update(await target.readMemory(start, length));
  return `${tid} 0x${rip.toString(16)} ${sum.digest('hex').slice(0, 16)}`;
}

/** Start and length of each mapping that the program can write, but for code: a search's stubs are such. */
async function writable(target: RemoteTarget, process: number): Promise<[number, number][]> {
  const maps = Buffer.from((await target.processFile(`/proc/${process}/maps`)) ?? '').toString();
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) .w-/gm)].map(([, start, end]) => {
    const from = Number.parseInt(start!, 16);
    return [from, Number.parseInt(end!, 16) - from];
  });
}

/** Where a symbol of the guest is; the target stands at the guest's beginning. */
export async function addressOf(target: RemoteTarget, program: string, name: string): Promise<number> {
  const line = spawnSync('nm', [program], { encoding: 'utf8' })
    .stdout.split('\n')
    .find((each) => each.endsWith(` ${name}`));
  if (line === undefined) throw new Error(`${program} has no ${name}`);
  const { process } = await target.state();
  const maps = Buffer.from((await target.processFile(`/proc/${process}/maps`)) ?? '').toString();
  return Number.parseInt(maps, 16) + Number.parseInt(line, 16);
}
