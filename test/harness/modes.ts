/** The ways in which each guest is recorded. */
export interface RecordingMode {
  readonly name: string;
  /** Options before the subcommand. */
  readonly globalOptions: readonly string[];
  /** Options of `record`. */
  readonly recordOptions: readonly string[];
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

/** RR_TEST_MODES=all runs the full matrix; without it the two modes that differ in everything. */
export const recordingModes: readonly RecordingMode[] =
  process.env.RR_TEST_MODES === 'all'
    ? [plain, eager, unbuffered, checked, eagerChecked, unbufferedChecked]
    : [eager, unbufferedChecked];

/** For guests that make thousands of calls, of which checksums at each take too long: at some of them. */
export const busyModes: readonly RecordingMode[] = recordingModes.map((mode) =>
  mode.globalOptions.length === 0 ? mode : { ...mode, globalOptions: ['-C', 'every:100'] },
);
