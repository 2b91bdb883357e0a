// Sockets and network interfaces (netdevice(7), net/socket.c, net/core/dev_ioctl.c).
import { command, silent, struct, writing, written } from '../arguments.ts';
import type { Command } from '../model.ts';
import { structs } from '../structs.ts';
import { changing, compared, encoded, filling } from './encoded.ts';

/** ifc_len is the size of the buffer, and then of what is in it; without a buffer only the length is told. */
const interfaceList = writing(
  struct('ifc', 'ifconf'),
  written({ from: 'fixed' }, { base: structs.ifconf.bytes, inOut: true, written: 'always' }),
  written({ from: 'memory', argument: 2, offset: 0, width: 4, updated: true }, { pointerAt: 8, inOut: true }),
);

/** ifr_data, behind the interface's name, points to the settings. */
const hardwareTimestamps = writing(
  struct('ifr', 'ifreq'),
  written({ from: 'fixed' }, { base: structs.hwtstamp_config.bytes, pointerAt: 16, inOut: true }),
);

export const socketRequests: readonly Command[] = [
  ...changing('ifreq', {
    SIOCGIFNAME: 0x8910,
    SIOCGIFFLAGS: 0x8913,
    SIOCGIFADDR: 0x8915,
    SIOCGIFDSTADDR: 0x8917,
    SIOCGIFBRDADDR: 0x8919,
    SIOCGIFNETMASK: 0x891b,
    SIOCGIFMETRIC: 0x891d,
    SIOCGIFMEM: 0x891f,
    SIOCGIFMTU: 0x8921,
    SIOCGIFENCAP: 0x8925,
    SIOCGIFHWADDR: 0x8927,
    SIOCGIFSLAVE: 0x8929,
    SIOCGIFINDEX: 0x8933,
    SIOCGIFPFLAGS: 0x8935,
    SIOCGIFCOUNT: 0x8938,
    SIOCGIFTXQLEN: 0x8942,
    SIOCGMIIPHY: 0x8947,
    SIOCGMIIREG: 0x8948,
    SIOCGIFMAP: 0x8970,
  }),
  command('SIOCGIFCONF', 0x8912, { 2: interfaceList }),
  command('SIOCSHWTSTAMP', 0x89b0, { 2: hardwareTimestamps }),
  command('SIOCGHWTSTAMP', 0x89b1, { 2: hardwareTimestamps }),
  ...changing('arpreq', { SIOCGARP: 0x8954, SIOCGRARP: 0x8961 }),
  ...changing('vlan_ioctl_args', { SIOCGIFVLAN: 0x8982, SIOCSIFVLAN: 0x8983 }),
  ...filling('int', { FIOGETOWN: 0x8903, SIOCGPGRP: 0x8904, SIOCATMARK: 0x8905, SIOCOUTQNSD: 0x894b }),
  ...filling('timeval', { SIOCGSTAMP_OLD: 0x8906 }),
  ...filling('timespec', { SIOCGSTAMPNS_OLD: 0x8907 }),
  ...filling('u32', { IOCTL_VM_SOCKETS_GET_LOCAL_CID: 0x7b9 }),
  ...encoded({ SIOCGSTAMP_NEW: 0x80108906, SIOCGSTAMPNS_NEW: 0x80108907 }),
  ...silent({
    FIOSETOWN: 0x8901,
    SIOCSPGRP: 0x8902,
    SIOCADDRT: 0x890b,
    SIOCDELRT: 0x890c,
    SIOCRTMSG: 0x890d,
    SIOCSIFLINK: 0x8911,
    SIOCSIFFLAGS: 0x8914,
    SIOCSIFADDR: 0x8916,
    SIOCSIFDSTADDR: 0x8918,
    SIOCSIFBRDADDR: 0x891a,
    SIOCSIFNETMASK: 0x891c,
    SIOCSIFMETRIC: 0x891e,
    SIOCSIFMEM: 0x8920,
    SIOCSIFMTU: 0x8922,
    SIOCSIFNAME: 0x8923,
    SIOCSIFHWADDR: 0x8924,
    SIOCSIFENCAP: 0x8926,
    SIOCSIFSLAVE: 0x8930,
    SIOCADDMULTI: 0x8931,
    SIOCDELMULTI: 0x8932,
    SIOCSIFPFLAGS: 0x8934,
    SIOCDIFADDR: 0x8936,
    SIOCSIFHWBROADCAST: 0x8937,
    SIOCSIFTXQLEN: 0x8943,
    SIOCSMIIREG: 0x8949,
    SIOCGSKNS: 0x894c,
    SIOCDARP: 0x8953,
    SIOCSARP: 0x8955,
    SIOCDRARP: 0x8960,
    SIOCSRARP: 0x8962,
    SIOCSIFMAP: 0x8971,
    SIOCADDDLCI: 0x8980,
    SIOCDELDLCI: 0x8981,
    SIOCBONDENSLAVE: 0x8990,
    SIOCBONDRELEASE: 0x8991,
    SIOCBONDSETHWADDR: 0x8992,
    SIOCBONDCHANGEACTIVE: 0x8995,
    SIOCBRADDBR: 0x89a0,
    SIOCBRDELBR: 0x89a1,
    SIOCBRADDIF: 0x89a2,
    SIOCBRDELIF: 0x89a3,
  }),
  // A pointer to a structure that depends on a command inside it.
  ...compared({
    SIOCGIFBR: 0x8940,
    SIOCSIFBR: 0x8941,
    SIOCETHTOOL: 0x8946,
    SIOCWANDEV: 0x894a,
    SIOCBONDSLAVEINFOQUERY: 0x8993,
    SIOCBONDINFOQUERY: 0x8994,
  }),
];
