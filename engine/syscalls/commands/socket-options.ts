/**
 * Options of sockets whose structure holds pointers through which the kernel writes: tables of netfilter
 * (linux/netfilter_*, struct xt_counters), and what TCP receives without a copy (tcp_zerocopy_receive in linux/tcp.h).
 * An option's number means another thing at each level, so a condition tells the level.
 */
import { command, writing, written } from '../arguments.ts';
import type { Argument, Command, Commands, OutParameter } from '../model.ts';

const levels = { ip: 0, tcp: 6, ip6: 41 } as const;
const levelArgument = 1;
const optionArgument = 2;
const valueArgument = 3;

interface Place {
  readonly level: keyof typeof levels;
  /** Offset of the pointer in the structure. */
  readonly pointer: number;
  /** Offset and bytes of what counts. */
  readonly count: number;
  readonly width?: 4 | 8;
  /** Bytes of what is counted. */
  readonly element: number;
}

function through({ level, pointer, count, width = 4, element }: Place): OutParameter {
  return written(
    { from: 'memory', argument: valueArgument, offset: count, width, updated: false },
    {
      element,
      pointerAt: pointer,
      inOut: true,
      written: 'always',
      condition: { argument: levelArgument, mask: 0xffffffff, equals: levels[level] },
    },
  );
}

const commands = (value: Argument, options: Readonly<Record<string, [number, ...Place[]]>>): Commands => ({
  argument: optionArgument,
  mask: 0xffffffff,
  list: Object.entries(options).map(
    ([name, [number, ...places]]): Command =>
      command(name, number, { [valueArgument]: writing(value, ...value.out, ...places.map(through)) }),
  ),
  otherwise: 'none',
});

const table = { pointer: 88, count: 84, element: 16 } as const;
const bridgeCounters: Place = { level: 'ip', pointer: 104, count: 96, element: 16 };
const bridgeEntries: Place = { level: 'ip', pointer: 112, count: 40, element: 1 };

/** The counters of the table that is replaced. `value`: what the option is otherwise. */
export const setOptionCommands = (value: Argument): Commands =>
  commands(value, {
    // And IP6T_SO_SET_REPLACE.
    IPT_SO_SET_REPLACE: [64, { level: 'ip', ...table }, { level: 'ip6', ...table }],
    ARPT_SO_SET_REPLACE: [96, { level: 'ip', pointer: 72, count: 68, element: 16 }],
    EBT_SO_SET_ENTRIES: [128, bridgeCounters],
  });

export const getOptionCommands = (value: Argument): Commands =>
  commands(value, {
    EBT_SO_GET_ENTRIES: [129, bridgeCounters, bridgeEntries],
    EBT_SO_GET_INIT_ENTRIES: [131, bridgeCounters, bridgeEntries],
    // The pages that it maps, the buffer for what is no whole page, and control data.
    TCP_ZEROCOPY_RECEIVE: [
      35,
      { level: 'tcp', pointer: 0, count: 8, element: 1 },
      { level: 'tcp', pointer: 24, count: 32, element: 1 },
      { level: 'tcp', pointer: 40, count: 48, width: 8, element: 1 },
    ],
  });
