// Memory: mappings of every kind, the heap, the stack, sharing between processes.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('memory', [
  'advice',
  'anonymous',
  'brk',
  'deep-stack',
  'file',
  'fixed',
  'generated-code',
  'grows-down',
  'guard',
  'large',
  'lock',
  'mincore',
  'mremap',
  'past-eof',
  'process-vm',
  'protection',
  'resized-under-mapping',
  'shared-between-processes',
  'shm',
  'truncated-file',
  'unmap',
  'written-file',
]);
