// Compiles codec/ (AssemblyScript) to build/codec.wasm. Run `npm run generate` first: codec/generated/ comes from it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(root, 'build/codec.wasm');
/** Static data must end below it: memory from there on is divided by engine/trace/. */
const staticDataLimit = 65536;

if (!existsSync(join(root, 'codec/generated/schema.ts'))) {
  console.error('build-codec: codec/generated/schema.ts is missing; run `npm run generate` first');
  process.exit(1);
}
const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
mkdirSync(dirname(output), { recursive: true });
const { status } = spawnSync(
  process.execPath,
  [
    asc,
    'codec/index.ts',
    '-o',
    output,
    '--runtime',
    'stub',
    '-O3',
    '--noAssert',
    '--enable',
    'simd,threads',
    '--importMemory',
    '--sharedMemory',
    '--initialMemory',
    '2',
    '--maximumMemory',
    '65536',
    '--use',
    'abort=',
  ],
  { cwd: root, stdio: 'inherit' },
);
if (status !== 0) {
  rmSync(output, { force: true });
  process.exit(status ?? 1);
}

// The stub runtime's heap begins behind the static data; a data segment must not lie above the limit.
const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(output)), { env: { memory } });
const bytes = new Uint8Array(memory.buffer);
const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
if (end > staticDataLimit || typeof exports.encodeSlot !== 'function') {
  console.error(`build-codec: static data ends at ${end}, beyond ${staticDataLimit}`);
  rmSync(output);
  process.exit(1);
}
