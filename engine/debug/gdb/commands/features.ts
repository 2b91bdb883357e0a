import { toHex } from '../bytes.ts';
import { packetLimit } from '../packet.ts';
import { ok } from '../reply.ts';
import { interruptedReason } from '../stop-reply.ts';
import type { PacketHandler } from './command.ts';

/** `qSupported`: what of the optional protocol there is. */
const features = [
  `PacketSize=${packetLimit.toString(16)}`,
  'QStartNoAckMode+',
  'multiprocess+',
  'swbreak+',
  'hwbreak+',
  'exec-events+',
  'vContSupported+',
  'ConditionalBreakpoints+',
  'QPassSignals+',
  'QProgramSignals+',
  'QCatchSyscalls+',
  'ReverseContinue+',
  'ReverseStep+',
  'qXfer:features:read+',
  'qXfer:auxv:read+',
  'qXfer:exec-file:read+',
  'qXfer:siginfo:read+',
  'qXfer:siginfo:write+',
  'qXfer:threads:read+',
];

/** lldb, which does not say this, would ask for libraries when it connects, and then never again. */
const asGdbSays = 'qRelocInsn+';

export const supportedFeatures: PacketHandler = (_session, text) =>
  [...features, ...(text.includes(asGdbSays) ? ['qXfer:libraries-svr4:read+'] : [])].join(';');

/** `QStartNoAckMode`: from the packet after this one on nobody acknowledges. */
export const stopAcknowledging: PacketHandler = (session) => {
  session.acknowledges = false;
  return ok;
};

/** `qHostInfo`: lldb alone asks. It goes on by itself at a stop without a signal, which gdb is shown on arrival. */
export const hostInformation: PacketHandler = (session) => {
  session.arrival = interruptedReason;
  return `triple:${toHex('x86_64-pc-linux-gnu')};ptrsize:8;endian:little;`;
};
