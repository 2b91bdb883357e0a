import type { Reply } from '../reply.ts';
import type { DebugSession } from '../session.ts';

/**
 * What handles one packet. `text` is what follows the packet's name, one byte a character; `bytes` the same, for binary
 * data. It throws PacketError for what it cannot make sense of, and EngineError for what the target refuses.
 */
export type PacketHandler = (session: DebugSession, text: string, bytes: Buffer) => Reply | Promise<Reply>;
