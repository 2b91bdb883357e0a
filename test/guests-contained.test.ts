// Under a seccomp filter that was there before the recorder, as in a container: such a filter outranks the recorder's,
// Parts: 2
// and yet calls are buffered (native/record/dispatch.cc). RR_TEST_MODES=contained runs all guests so.
import { runGuestTests } from './harness/guest-tests.ts';
import { contained, type RecordingMode } from './harness/modes.ts';

/** The task dispatches its calls by one of its own, as on Linux 5.11 to 6.3. */
const olderKernel: RecordingMode = { ...contained, name: 'older', refused: 'container,ptrace-dispatch=EIO' };
/** And not at all: every call stops at its entry. */
const oldKernel: RecordingMode = { ...contained, name: 'old', refused: 'container,prctl-dispatch,ptrace-dispatch=EIO' };
const all = [contained, olderKernel, oldKernel];
const trapping = all.map((mode) => ({ ...mode, refused: `${mode.refused},getpgid=TRAP,getsid=KILL` }));

const interrupted = 'where signals come';

runGuestTests('contained', ['refused'], all);
runGuestTests('contained', ['trapped'], trapping);
runGuestTests('signals', ['sys-blocked', 'sys-ignored', 'restart', 'suspend', 'trap-flag', 'several-pending'], all);
runGuestTests(
  'signals',
  [
    { guest: 'alarm-depths', varies: interrupted },
    { guest: 'jump-out-of-alarm', varies: interrupted },
    { guest: 'sys-sent', varies: interrupted },
    { guest: 'sys-storm', varies: interrupted },
  ],
  all,
);
runGuestTests('buffer', ['exec-from-thread', 'filters', 'own-pages', 'shared-memory-child', 'trap-flag', 'tree'], all);
runGuestTests(
  'buffer',
  ['many-threads', { guest: 'storm', varies: interrupted }, { guest: 'stopped-threads', varies: 'whose turn it is' }],
  [contained],
);
runGuestTests('identity', ['schedule'], [contained]);
