// The control calls of System V IPC, and keyctl, by operation.
import { command, hex, int, out, outBytes, resultBytes, size, string, struct, writing, written } from '../arguments.ts';
import { type FlagTable, flagTables } from '../flags/index.ts';
import type { Command, Commands } from '../model.ts';
import { withOthers } from './others.ts';

const commands = (argument: number, table: FlagTable, pointing: readonly Command[]): Commands => ({
  argument,
  mask: 0xffffffff,
  list: withOthers(pointing, table),
  otherwise: 'none',
});

const sharedMemory = { 2: out('buf', 'shmid_ds') };
export const sharedMemoryCommands = commands(1, flagTables.shmControl, [
  command('IPC_SET', 1, { 2: struct('buf', 'shmid_ds') }),
  command('IPC_STAT', 2, sharedMemory),
  command('IPC_INFO', 3, { 2: out('buf', 'shminfo') }),
  command('SHM_STAT', 13, sharedMemory),
  command('SHM_INFO', 14, { 2: out('buf', 'shm_info') }),
  command('SHM_STAT_ANY', 15, sharedMemory),
]);

/**
 * GETALL stores an unsigned short for each semaphore of the set; how many there are is not in the arguments, so as many
 * as a set can have by default (SEMMSL, 32000) count as written.
 */
const allSemaphores = writing(struct('array', 'short'), written({ from: 'fixed' }, { base: 64000, inOut: true }));

const semaphores = { 3: out('buf', 'semid_ds') };
export const semaphoreCommands = commands(2, flagTables.semControl, [
  command('IPC_SET', 1, { 3: struct('buf', 'semid_ds') }),
  command('IPC_STAT', 2, semaphores),
  command('IPC_INFO', 3, { 3: out('buf', 'seminfo') }),
  command('GETALL', 13, { 3: allSemaphores }),
  command('SETVAL', 16, { 3: int('val') }),
  command('SETALL', 17, { 3: struct('array', 'short') }),
  command('SEM_STAT', 18, semaphores),
  command('SEM_INFO', 19, { 3: out('buf', 'seminfo') }),
  command('SEM_STAT_ANY', 20, semaphores),
]);

const messageQueue = { 2: out('buf', 'msqid_ds') };
export const messageQueueCommands = commands(1, flagTables.messageControl, [
  command('IPC_SET', 1, { 2: struct('buf', 'msqid_ds') }),
  command('IPC_STAT', 2, messageQueue),
  command('IPC_INFO', 3, { 2: out('buf', 'msginfo') }),
  command('MSG_STAT', 11, messageQueue),
  command('MSG_INFO', 12, { 2: out('buf', 'msginfo') }),
  command('MSG_STAT_ANY', 13, messageQueue),
]);

/** The result may be longer than the buffer; then a part, or nothing, is written. */
const keyBuffer = { 1: int('key'), 2: resultBytes('buffer', 3, { inOut: true }), 3: size('buflen') };
/** The length of the output is in the parameters, and is the result. */
const keyOutput = {
  1: struct('params', 'keyctl_pkey_params'),
  2: string('info'),
  3: hex('in'),
  4: writing(hex('out'), written({ from: 'result' }, { inOut: true })),
};
export const keyctlCommands = commands(0, flagTables.keyctl, [
  command('KEYCTL_DESCRIBE', 6, keyBuffer),
  command('KEYCTL_READ', 11, keyBuffer),
  command('KEYCTL_GET_SECURITY', 17, keyBuffer),
  command('KEYCTL_DH_COMPUTE', 23, {
    1: hex('params'),
    2: resultBytes('buffer', 3, { inOut: true }),
    3: size('buflen'),
  }),
  command('KEYCTL_PKEY_QUERY', 24, { 1: int('key'), 3: string('info'), 4: out('result', 'keyctl_pkey_query') }),
  command('KEYCTL_PKEY_ENCRYPT', 25, keyOutput),
  command('KEYCTL_PKEY_DECRYPT', 26, keyOutput),
  command('KEYCTL_PKEY_SIGN', 27, keyOutput),
  // What is behind the capabilities is cleared: up to the end of the buffer, or of what is mapped.
  command('KEYCTL_CAPABILITIES', 31, { 1: outBytes('buffer', 2, { inOut: true }), 2: size('buflen') }),
]);
