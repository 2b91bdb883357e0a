/** Every table of flags, by the name that arguments use. */
import { administrationFlags } from './administration.ts';
import { filesFlags } from './files.ts';
import { ipcFlags } from './ipc.ts';
import { limitsFlags } from './limits.ts';
import { memoryFlags } from './memory.ts';
import { processesFlags } from './processes.ts';
import type { FlagTable } from './shape.ts';
import { signalsFlags } from './signals.ts';
import { socketsFlags } from './sockets.ts';
import { timeFlags } from './time.ts';

export type { FlagTable } from './shape.ts';

export const flagTables = {
  ...filesFlags,
  ...memoryFlags,
  ...processesFlags,
  ...signalsFlags,
  ...timeFlags,
  ...socketsFlags,
  ...limitsFlags,
  ...ipcFlags,
  ...administrationFlags,
} satisfies Record<string, FlagTable>;

export type FlagTableName = keyof typeof flagTables;
