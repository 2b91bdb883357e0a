/** The ways in which each guest is recorded. */
import { wantedModes } from './only.ts';

export interface RecordingMode {
  readonly name: string;
  /** Options before the subcommand. */
  readonly globalOptions: readonly string[];
  /** Options of `record`. */
  readonly recordOptions: readonly string[];
  /** Everything runs under a seccomp filter: what it refuses, as test/edge/refuse.c takes it. */
  readonly refused?: string;
}

const plain: RecordingMode = { name: 'default', globalOptions: [], recordOptions: [] };
/** Every site that can be is patched when it is first used: short programs would hardly have one otherwise. */
const eager: RecordingMode = { name: 'eager', globalOptions: [], recordOptions: ['--patch-after', '1'] };
const unbuffered: RecordingMode = { name: '-n', globalOptions: [], recordOptions: ['-n'] };
const checked: RecordingMode = { name: '-C', globalOptions: ['-C', 'on-all-events'], recordOptions: [] };
const eagerChecked: RecordingMode = {
  name: 'eager -C',
  globalOptions: checked.globalOptions,
  recordOptions: eager.recordOptions,
};
const unbufferedChecked: RecordingMode = { name: '-n -C', globalOptions: checked.globalOptions, recordOptions: ['-n'] };

/** Under the profile of a container. */
export const contained: RecordingMode = { ...eager, name: 'contained', refused: 'container' };
const containedDefault: RecordingMode = { ...plain, name: 'contained default', refused: 'container' };
const containedChecked: RecordingMode = { ...eagerChecked, name: 'contained eager -C', refused: 'container' };

const all = [plain, eager, unbuffered, checked, eagerChecked, unbufferedChecked, contained, containedChecked];
const inContainer = [contained, containedDefault, containedChecked];

function chosenModes(choice: string | undefined): readonly RecordingMode[] {
  switch (choice) {
    case 'all':
      return all;
    case 'contained':
      return inContainer;
    default:
      return [eager, unbufferedChecked];
  }
}

/** RR_TEST_MODES=all runs the full matrix, `contained` what runs in a container; without it the two modes that differ in everything. */
export const recordingModes: readonly RecordingMode[] = wantedModes(chosenModes(process.env.RR_TEST_MODES), [
  ...all,
  containedDefault,
]);

/** For guests that make thousands of calls, of which checksums at each take too long: at some of them. */
export const busyModes: readonly RecordingMode[] = recordingModes.map((mode) =>
  mode.globalOptions.length === 0 ? mode : { ...mode, globalOptions: ['-C', 'every:100'] },
);
