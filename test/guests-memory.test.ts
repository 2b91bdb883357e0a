// Memory: mappings of every kind, the heap, the stack, sharing between processes.
import { runGuestTests } from './harness/guest-tests.ts';
import { busyModes } from './harness/modes.ts';

runGuestTests('memory', [
  'absurd-ranges',
  'advice',
  'anonymous',
  'brk',
  'changed-by',
  { guest: 'changed-by', title: 'mapped privately', args: ['private'] },
  'cut-by-name',
  'deep-stack',
  'file',
  'fixed',
  'generated-code',
  'grows-down',
  'guard',
  'large',
  'lock',
  'many-views',
  'mincore',
  'mremap',
  { guest: 'not-offered', varies: 'only a recording refuses them' },
  'page-scan',
  'past-eof',
  'policy',
  'populate',
  'private-changed',
  'process-vm',
  'protection',
  { guest: 'refused', varies: 'only a recording refuses them' },
  'resized-under-mapping',
  'segments',
  'shared-between-processes',
  'shared-read-only',
  'shm',
  'sparse-file',
  'truncated-file',
  'unmap',
  'written-file',
]);

runGuestTests('memory', [{ guest: 'written-beside', varies: 'how often the other process looks' }], busyModes);
