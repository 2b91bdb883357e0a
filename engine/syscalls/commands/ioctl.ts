/**
 * ioctl, by request. Requests made with _IOR, _IOW and _IOWR say in their number which way data goes and how much
 * (asm-generic/ioctl.h); those are listed by `encoded` where the number is known to tell the truth. Older numbers, and
 * those with pointers inside their structure, are listed one by one.
 */
import type { Commands } from '../model.ts';
import { consoleRequests } from './ioctl-consoles.ts';
import { deviceRequests } from './ioctl-devices.ts';
import { fileRequests } from './ioctl-files.ts';
import { machineRequests } from './ioctl-machines.ts';
import { socketRequests } from './ioctl-sockets.ts';
import { terminalRequests } from './ioctl-terminals.ts';

export const ioctlCommands: Commands = {
  argument: 1,
  mask: 0xffffffff,
  list: [
    ...terminalRequests,
    ...consoleRequests,
    ...socketRequests,
    ...fileRequests,
    ...deviceRequests,
    ...machineRequests,
  ],
  otherwise: 'ioctl',
  // 'E' and 'j': input devices and joysticks, whose numbers contain the length that the program chose. 0xae: virtual
  // machines, whose exceptions are listed.
  trustedTypes: [0x45, 0x6a, 0xae],
};
