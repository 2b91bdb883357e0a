// Sockets.
import {
  bytes,
  descriptor,
  flags,
  inOut,
  int,
  out,
  resultArray,
  resultBytes,
  sending,
  sentBytes,
  size,
  struct,
  syscall,
  unsigned,
  updatedBytes,
  writing,
  written,
} from '../arguments.ts';
import { getOptionCommands, setOptionCommands } from '../commands/socket-options.ts';
import type { Syscall } from '../model.ts';

const blocks = { mayBlock: true } as const;
const transfers = { mayBlock: true } as const;
/** SO_GET_FILTER counts instructions of 8 bytes, where all other options count bytes. */
const filterOption = 26;

const optionBytes = updatedBytes('optval', 4, { written: 'always' });
const optionValue = writing(
  optionBytes,
  ...optionBytes.out,
  written(
    { from: 'memory', argument: 4, offset: 0, width: 4, updated: true },
    { element: 8, inOut: true, condition: { argument: 2, mask: 0xffffffff, equals: filterOption } },
  ),
);

const receivedMessage = writing(struct('msg', 'msghdr'), written({ from: 'message' }, { inOut: true }));
const receivedMessages = writing(struct('msgvec', 'mmsghdr'), written({ from: 'messages', count: 2 }, { inOut: true }));

export const sockets: readonly Syscall[] = [
  syscall('socket', [flags('domain', 'family'), flags('type', 'socketType'), int('protocol')]),
  syscall('socketpair', [
    flags('domain', 'family'),
    flags('type', 'socketType'),
    int('protocol'),
    out('sv', 'int2', { written: 'always', inOut: true }),
  ]),
  syscall('bind', [descriptor('sockfd'), sentBytes('addr', 2), unsigned('addrlen')]),
  syscall('listen', [descriptor('sockfd'), int('backlog')]),
  syscall('connect', [descriptor('sockfd'), sentBytes('addr', 2), unsigned('addrlen')], blocks),
  syscall('accept', [descriptor('sockfd'), updatedBytes('addr', 2), inOut('addrlen', 'int')], blocks),
  syscall(
    'accept4',
    [descriptor('sockfd'), updatedBytes('addr', 2), inOut('addrlen', 'int'), flags('flags', 'accept')],
    blocks,
  ),
  syscall('shutdown', [descriptor('sockfd'), flags('how', 'shutdown')]),
  syscall('getsockname', [descriptor('sockfd'), updatedBytes('addr', 2), inOut('addrlen', 'int')]),
  syscall('getpeername', [descriptor('sockfd'), updatedBytes('addr', 2), inOut('addrlen', 'int')]),
  syscall(
    'setsockopt',
    [descriptor('sockfd'), flags('level', 'socketLevel'), int('optname'), sentBytes('optval', 4), unsigned('optlen')],
    { commands: setOptionCommands(sentBytes('optval', 4)) },
  ),
  syscall(
    'getsockopt',
    [descriptor('sockfd'), flags('level', 'socketLevel'), int('optname'), optionValue, inOut('optlen', 'int')],
    { commands: getOptionCommands(optionValue) },
  ),
  syscall(
    'sendto',
    [
      descriptor('sockfd'),
      sentBytes('buf', 2),
      size('len'),
      flags('flags', 'message'),
      bytes('dest_addr', 5),
      unsigned('addrlen'),
    ],
    transfers,
  ),
  syscall(
    'sendmsg',
    [descriptor('sockfd'), sending(struct('msg', 'msghdr'), { from: 'message' }), flags('flags', 'message')],
    transfers,
  ),
  // msg_len of each message sent.
  syscall(
    'sendmmsg',
    [
      descriptor('sockfd'),
      sending(resultArray('msgvec', 'mmsghdr', 2, { inOut: true }), { from: 'messages', count: 2 }),
      unsigned('vlen'),
      flags('flags', 'message'),
    ],
    blocks,
  ),
  syscall(
    'recvfrom',
    [
      descriptor('sockfd'),
      resultBytes('buf', 2),
      size('len'),
      flags('flags', 'message'),
      updatedBytes('src_addr', 5),
      inOut('addrlen', 'int'),
    ],
    transfers,
  ),
  syscall('recvmsg', [descriptor('sockfd'), receivedMessage, flags('flags', 'message')], transfers),
  syscall(
    'recvmmsg',
    [descriptor('sockfd'), receivedMessages, unsigned('vlen'), flags('flags', 'message'), inOut('timeout', 'timespec')],
    blocks,
  ),
];
