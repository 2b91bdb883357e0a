/**
 * cold-codec.ts FILE LEVEL: in a process of its own, the codec's first slot, of the records in FILE. Prints as JSON the
 * milliseconds from nothing to its chunks, and again, when all functions have been compiled, if not by the optimising tier.
 */
import { readFileSync } from 'node:fs';
import type { Compression } from '../engine/trace/codec.ts';
import { SlotCodec } from './codec-speeds.ts';

const [file = '', level = 'fast'] = process.argv.slice(2);
const slot = readFileSync(file);
const started = performance.now();
const codec = new SlotCodec(Math.ceil(slot.length / 65536) * 65536);
codec.encode(slot, level as Compression);
const first = performance.now();
codec.encode(slot, level as Compression);
console.log(JSON.stringify({ first: first - started, second: performance.now() - first }));
