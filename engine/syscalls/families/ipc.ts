// System V shared memory, semaphores and message queues; keys.
import {
  flags,
  hex,
  int,
  long,
  pointer,
  sending,
  sentBytes,
  size,
  string,
  struct,
  syscall,
  writing,
  written,
} from '../arguments.ts';
import { keyctlCommands, messageQueueCommands, semaphoreCommands, sharedMemoryCommands } from '../commands/ipc.ts';
import type { Syscall } from '../model.ts';

export const ipc: readonly Syscall[] = [
  syscall('shmget', [hex('key'), size('size'), flags('shmflg', 'ipcGet')]),
  syscall('shmat', [int('shmid'), hex('shmaddr'), flags('shmflg', 'shmAttach')]),
  syscall('shmdt', [hex('shmaddr')]),
  syscall('shmctl', [int('shmid'), flags('op', 'shmControl'), hex('buf')], { commands: sharedMemoryCommands }),
  syscall('semget', [hex('key'), int('nsems'), flags('semflg', 'ipcGet')]),
  syscall('semop', [int('semid'), struct('sops', 'sembuf'), size('nsops')], { mayBlock: true, restart: 'none' }),
  syscall('semtimedop', [int('semid'), struct('sops', 'sembuf'), size('nsops'), struct('timeout', 'timespec')], {
    mayBlock: true,
    restart: 'none',
  }),
  syscall('semctl', [int('semid'), int('semnum'), flags('op', 'semControl'), hex('arg')], {
    commands: semaphoreCommands,
  }),
  syscall('msgget', [hex('key'), flags('msgflg', 'ipcGet')]),
  // The type of a message, a long, stands before its text.
  syscall(
    'msgsnd',
    [
      int('msqid'),
      sending(pointer('msgp'), { from: 'argument', argument: 2, base: 8 }),
      size('msgsz'),
      flags('msgflg', 'messageQueue'),
    ],
    { mayBlock: true, restart: 'noHandler' },
  ),
  syscall(
    'msgrcv',
    [
      int('msqid'),
      writing(pointer('msgp'), written({ from: 'result', limit: 2 }, { base: 8 })),
      size('msgsz'),
      long('msgtyp'),
      flags('msgflg', 'messageQueue'),
    ],
    { mayBlock: true, restart: 'noHandler' },
  ),
  syscall('msgctl', [int('msqid'), flags('op', 'messageControl'), hex('buf')], { commands: messageQueueCommands }),

  syscall('add_key', [string('type'), string('description'), sentBytes('payload', 3), size('plen'), int('keyring')]),
  // May wait for a helper program that makes the key.
  syscall('request_key', [string('type'), string('description'), string('callout_info'), int('dest_keyring')], {
    mayBlock: true,
  }),
  syscall('keyctl', [flags('operation', 'keyctl'), hex('arg2'), hex('arg3'), hex('arg4'), hex('arg5')], {
    commands: keyctlCommands,
  }),
];
