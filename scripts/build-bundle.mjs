// Bundles the command line and the worker entry points into dist/: one file to start with, and a chunk for each
// command that is loaded when it is used, so that `rr help` starts about as fast as Node itself.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const workers = join(root, 'workers');
const workerNames = existsSync(workers) ? readdirSync(workers).filter((name) => name.endsWith('.ts')) : [];
const dist = join(root, 'dist');

const result = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'engine/cli/main.ts', out: 'rr' },
    ...workerNames.map((name) => ({ in: `workers/${name}`, out: name.slice(0, -'.ts'.length) })),
  ],
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunk-[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['*.node', 'piscina', 'lz4-napi'],
  // Stack traces in bug reports name the sources.
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
});

// Chunk names carry a hash of their content: those of former builds would pile up. They go last, because somebody may
// be starting from them.
const written = new Set(Object.keys(result.metafile.outputs).map((path) => basename(path)));
for (const name of readdirSync(dist)) {
  if (name.startsWith('chunk-') && !written.has(name)) rmSync(join(dist, name));
}
