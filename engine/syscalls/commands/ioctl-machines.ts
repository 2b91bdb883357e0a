// Virtual machines (linux/kvm.h) and the device mapper (linux/dm-ioctl.h), where their numbers do not tell the truth.
import { command, hex, writing, written } from '../arguments.ts';
import type { Command } from '../model.ts';
import { compared } from './encoded.ts';

/** A head, and behind it as many elements as its u32 at `offset` says; the number that the kernel has is stored there. */
const counted = (head: number, element: number, offset = 0) => ({
  2: writing(
    hex('argp'),
    written({ from: 'fixed' }, { base: head, inOut: true, written: 'always' }),
    written({ from: 'memory', argument: 2, offset, width: 4, updated: false }, { base: head, element, inOut: true }),
  ),
});

/** A dm_ioctl: 305 bytes of head, and the rest of data_size. */
const mapped = { ...counted(0, 1, 12) };

/** DM_VERSION to DM_GET_TARGET_VERSION: _IOWR(0xfd, N, struct dm_ioctl), 312 bytes. */
const mapperRequests = (
  [
    ...['VERSION', 'REMOVE_ALL', 'LIST_DEVICES', 'DEV_CREATE', 'DEV_REMOVE', 'DEV_RENAME', 'DEV_SUSPEND', 'DEV_STATUS'],
    ...['DEV_WAIT', 'TABLE_LOAD', 'TABLE_CLEAR', 'TABLE_DEPS', 'TABLE_STATUS', 'LIST_VERSIONS', 'TARGET_MSG'],
    ...['DEV_SET_GEOMETRY', 'DEV_ARM_POLL', 'GET_TARGET_VERSION'],
  ] as const
).map((name, index) => command(`DM_${name}`, (0xc138fd00 | index) >>> 0, mapped));

export const machineRequests: readonly Command[] = [
  ...mapperRequests,
  command('KVM_GET_MSR_INDEX_LIST', 0xc004ae02, counted(4, 4)),
  command('KVM_GET_MSR_FEATURE_INDEX_LIST', 0xc004ae0a, counted(4, 4)),
  command('KVM_GET_SUPPORTED_CPUID', 0xc008ae05, counted(8, 40)),
  command('KVM_GET_EMULATED_CPUID', 0xc008ae09, counted(8, 40)),
  command('KVM_GET_SUPPORTED_HV_CPUID', 0xc008aec1, counted(8, 40)),
  command('KVM_GET_CPUID2', 0xc008ae91, counted(8, 40)),
  command('KVM_GET_MSRS', 0xc008ae88, counted(8, 16)),
  command('KVM_GET_REG_LIST', 0xc008aeb0, counted(8, 8)),
  command('KVM_GET_NESTED_STATE', 0xc080aebe, counted(0, 1, 4)),
  // Pointers inside, and lengths that only the machine knows; KVM_RUN may write all memory of its guest.
  ...compared({
    KVM_GET_DIRTY_LOG: 0x4010ae42,
    KVM_RUN: 0xae80,
    KVM_GET_ONE_REG: 0x4010aeab,
    KVM_MEMORY_ENCRYPT_OP: 0xc008aeba,
    KVM_GET_XSAVE2: 0x9000aecf,
    KVM_GET_DEVICE_ATTR: 0x4018aee2,
  }),
];
