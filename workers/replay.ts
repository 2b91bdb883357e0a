/** A debugger session's replay: a worker thread, since ptrace is bound to one and the debugger is not to wait for it. */
import { workerData } from 'node:worker_threads';
import { type ReplayThreadData, runReplayThread } from '../engine/debug/replay-thread.ts';

runReplayThread(workerData as ReplayThreadData);
