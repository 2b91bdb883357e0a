/**
 * A recording replays anywhere: as a user who owns nothing, in a directory that is gone; in a root that holds nothing of
 * the recording's machine; and its tracees ask nothing of the kernel but memory and tasks. Needs root.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildOptions, type ChildResult, describeEnd, runChild } from '../harness/child.ts';
import { openToEverybody } from '../harness/open-to-everybody.ts';
import { sameOutput, tailOf, textOf } from '../harness/output.ts';
import { type Recording, rrCommand } from '../harness/recording.ts';
import { watchFromOutside } from './outside.ts';

const here = dirname(fileURLToPath(import.meta.url));
const packageFolder = join(here, '..', '..');
const nobody = '65534';
/** What the shell of bin/rr says in a directory that is gone; the replay comes after it. */
const shellComplaint = 'sh: 0: getcwd() failed: No such file or directory\n';

/** @throws Error when a replay did not print what the recording did, or failed. */
function check(where: string, run: ChildResult, recording: Recording): void {
  const complained = textOf(run.stderr) === shellComplaint + textOf(recording.record.stderr);
  const sameError = complained || sameOutput(run.stderr, recording.record.stderr);
  const fine = run.status === 0 && sameError && sameOutput(run.stdout, recording.record.stdout);
  if (fine) return;
  const what = run.status === 0 ? 'prints something else than the recording' : describeEnd(run);
  throw new Error(`replay ${where} ${what}\n${tailOf(run.stdout, 5)}\n${tailOf(run.stderr)}`);
}

/** The bundled command line, below the package. */
function bundle(): string {
  const name = readdirSync(join(packageFolder, 'dist')).find((each) => /^rr\.[cm]?js$/.test(each));
  if (name === undefined) throw new Error('dist holds no bundle: npm run build makes it');
  return `dist/${name}`;
}

/** @throws Error that says where the replay failed. */
export async function replayElsewhere(recording: Recording, limitSeconds: number): Promise<void> {
  const { traceDirectory, storeDirectory } = recording;
  const folder = mkdtempSync(join(tmpdir(), 'rr-elsewhere-'));
  const options = (label: string): ChildOptions => ({ scratch: folder, label, cwd: '/', limitSeconds });
  const replay = [rrCommand, 'replay', '-a', traceDirectory];
  try {
    openToEverybody(dirname(traceDirectory));
    chmodSync(folder, 0o777);
    const gone = `mkdir ${folder}/gone && cd ${folder}/gone && rmdir ${folder}/gone && exec "$@"`;
    const drop = ['setpriv', '--reuid', nobody, '--regid', nobody, '--clear-groups', '--'];
    const asNobody = await runChild(['/bin/sh', '-c', gone, 'sh', ...drop, ...replay], options('nobody'));
    check('as another user, in a removed directory,', asNobody, recording);

    const root = mkdtempSync(join(folder, 'root-'));
    const bare = [join(here, 'empty-root.sh'), root, packageFolder, traceDirectory, storeDirectory, '--'];
    const words = [...bare, `/own/package/${bundle()}`, 'replay', '-a', traceDirectory];
    check('in an empty root', await runChild(['unshare', '-m', ...words], options('root')), recording);

    const { run, unexpected, expectedCount } = await watchFromOutside(replay, options('outside'));
    check('watched from outside', run, recording);
    if (unexpected.length > 0) throw new Error(`tracees of the replay called ${unexpected.join(', ')}`);
    if (expectedCount === 0) throw new Error('nothing was seen of the tracees: the observation does not work');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
