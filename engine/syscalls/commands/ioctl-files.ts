// Files, file systems and block devices (linux/fs.h and the file systems' own headers), loop devices, disks.
import { command, hex, silent, struct, writing, written } from '../arguments.ts';
import type { Command } from '../model.ts';
import { structs } from '../structs.ts';
import { changing, compared, encoded, filling } from './encoded.ts';

/** fm_extent_count extents behind the head. */
const extents = writing(
  struct('fiemap', 'fiemap'),
  written(
    { from: 'memory', argument: 2, offset: 24, width: 4, updated: false },
    { base: structs.fiemap.bytes, element: structs.fiemap_extent.bytes, written: 'always', inOut: true },
  ),
);

/** dest_count results behind the head. */
const deduplicated = writing(
  struct('range', 'file_dedupe_range'),
  written(
    { from: 'memory', argument: 2, offset: 16, width: 2, updated: false },
    {
      base: structs.file_dedupe_range.bytes,
      element: structs.file_dedupe_range_info.bytes,
      written: 'always',
      inOut: true,
    },
  ),
);

/** digest_size bytes behind the head of 4. */
const digest = writing(
  hex('digest'),
  written(
    { from: 'memory', argument: 2, offset: 2, width: 2, updated: false },
    { base: 4, written: 'always', inOut: true },
  ),
);

/** procmap_query: 104 bytes, with buffers for the mapping's name and build id. */
const mappingQuery = writing(
  hex('query'),
  written({ from: 'fixed' }, { base: 104, inOut: true }),
  written(
    { from: 'memory', argument: 2, offset: 80, width: 4, updated: true },
    { pointerAt: 88, inOut: true, most: 4096 },
  ),
  written(
    { from: 'memory', argument: 2, offset: 84, width: 4, updated: true },
    { pointerAt: 96, inOut: true, most: 4096 },
  ),
);

/** pm_scan_arg: where the walk ended, and as many page_region as the result tells. */
const pageScan = writing(
  hex('arg'),
  written({ from: 'fixed' }, { base: 96, inOut: true, written: 'always' }),
  written({ from: 'result' }, { element: 24, pointerAt: 40, inOut: true }),
);

/** sg_io_hdr: the data, the sense buffer, and the head with the status. */
const scsiCommand = writing(
  struct('hdr', 'sg_io_hdr'),
  written({ from: 'fixed' }, { base: structs.sg_io_hdr.bytes, inOut: true, written: 'always' }),
  written({ from: 'memory', argument: 2, offset: 12, width: 4, updated: false }, { pointerAt: 16, inOut: true }),
  written({ from: 'memory', argument: 2, offset: 9, width: 1, updated: false }, { pointerAt: 32, inOut: true }),
);

const filled = (bytes: number) => ({ 2: writing(hex('argp'), written({ from: 'fixed' }, { base: bytes })) });

export const fileRequests: readonly Command[] = [
  command('FS_IOC_FIEMAP', 0xc020660b, { 2: extents }),
  command('FIDEDUPERANGE', 0xc0189436, { 2: deduplicated }),
  command('FS_IOC_MEASURE_VERITY', 0xc0046686, { 2: digest }),
  command('PAGEMAP_SCAN', 0xc0606610, { 2: pageScan }),
  command('PROCMAP_QUERY', 0xc0686611, { 2: mappingQuery }),
  command('SG_IO', 0x2285, { 2: scsiCommand }),
  // Declared as written by the program, but the kernel stores the salt.
  command('FS_IOC_GET_ENCRYPTION_PWSALT', 0x40106614, filled(16)),
  // The number says 9 bytes; the policy behind policy_size is at most 24.
  command('FS_IOC_GET_ENCRYPTION_POLICY_EX', 0xc0096616, {
    2: writing(
      hex('argp'),
      written({ from: 'memory', argument: 2, offset: 0, width: 8, updated: true }, { base: 8, inOut: true }),
    ),
  }),
  ...changing('int', { FIBMAP: 0x1 }),
  ...filling('int', {
    FIGETBSZ: 0x2,
    BLKROGET: 0x125e,
    BLKSSZGET: 0x1268,
    BLKIOMIN: 0x1278,
    BLKIOOPT: 0x1279,
    BLKALIGNOFF: 0x127a,
    BLKPBSZGET: 0x127b,
    BLKDISCARDZEROES: 0x127c,
    SG_GET_VERSION_NUM: 0x2282,
    SCSI_IOCTL_GET_BUS_NUMBER: 0x5386,
  }),
  ...filling('short', { BLKSECTGET: 0x1267, BLKROTATIONAL: 0x127e }),
  ...filling('long', { BLKGETSIZE: 0x1260, BLKRAGET: 0x1263, BLKFRAGET: 0x1265 }),
  // A long, or less, by driver.
  ...changing('long', {
    HDIO_GET_UNMASKINTR: 0x302,
    HDIO_GET_MULTCOUNT: 0x304,
    HDIO_GET_KEEPSETTINGS: 0x308,
    HDIO_GET_32BIT: 0x309,
    HDIO_GET_NOWERR: 0x30a,
    HDIO_GET_DMA: 0x30b,
    HDIO_GET_NICE: 0x30c,
    HDIO_GET_WCACHE: 0x30e,
    HDIO_GET_ACOUSTIC: 0x30f,
    HDIO_GET_ADDRESS: 0x310,
    HDIO_GET_BUSSTATE: 0x31a,
  }),
  ...filling('int2', { SCSI_IOCTL_GET_IDLUN: 0x5382 }),
  ...filling('hd_geometry', { HDIO_GETGEO: 0x301 }),
  command('HDIO_GET_IDENTITY', 0x30d, filled(512)),
  ...filling('loop_info', { LOOP_GET_STATUS: 0x4c03 }),
  ...filling('loop_info64', { LOOP_GET_STATUS64: 0x4c05 }),
  ...filling('cdrom_tochdr', { CDROMREADTOCHDR: 0x5305 }),
  ...changing('cdrom_tocentry', { CDROMREADTOCENTRY: 0x5306 }),
  ...changing('cdrom_subchnl', { CDROMSUBCHNL: 0x530b }),
  ...changing('cdrom_multisession', { CDROMMULTISESSION: 0x5310 }),
  ...filling('cdrom_mcn', { CDROM_GET_MCN: 0x5311 }),
  ...filling('cdrom_volctrl', { CDROMVOLREAD: 0x5313 }),
  ...encoded({
    FS_IOC_GETFLAGS: 0x80086601,
    FS_IOC_SETFLAGS: 0x40086602,
    FS_IOC_GETVERSION: 0x80087601,
    FS_IOC_SETVERSION: 0x40087602,
    FS_IOC32_GETFLAGS: 0x80046601,
    FS_IOC32_SETFLAGS: 0x40046602,
    FS_IOC32_GETVERSION: 0x80047601,
    FS_IOC32_SETVERSION: 0x40047602,
    FS_IOC_FSGETXATTR: 0x801c581f,
    FS_IOC_FSSETXATTR: 0x401c5820,
    FS_IOC_GETFSLABEL: 0x81009431,
    FS_IOC_SETFSLABEL: 0x41009432,
    FS_IOC_GETFSUUID: 0x80111500,
    FS_IOC_GETFSSYSFSPATH: 0x80811501,
    FICLONE: 0x40049409,
    FICLONERANGE: 0x4020940d,
    FIFREEZE: 0xc0045877,
    FITHAW: 0xc0045878,
    FITRIM: 0xc0185879,
    FS_IOC_ENABLE_VERITY: 0x40806685,
    FS_IOC_SET_ENCRYPTION_POLICY: 0x800c6613,
    FS_IOC_GET_ENCRYPTION_POLICY: 0x400c6615,
    FS_IOC_ADD_ENCRYPTION_KEY: 0xc0506617,
    FS_IOC_REMOVE_ENCRYPTION_KEY: 0xc0406618,
    FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS: 0xc0406619,
    FS_IOC_GET_ENCRYPTION_KEY_STATUS: 0xc080661a,
    FS_IOC_GET_ENCRYPTION_NONCE: 0x8010661b,
    FAT_IOCTL_GET_ATTRIBUTES: 0x80047210,
    FAT_IOCTL_SET_ATTRIBUTES: 0x40047211,
    FAT_IOCTL_GET_VOLUME_ID: 0x80047213,
    VFAT_IOCTL_READDIR_BOTH: 0x82307201,
    VFAT_IOCTL_READDIR_SHORT: 0x82307202,
    BTRFS_IOC_SPACE_INFO_HEAD: 0xc0109414,
    BTRFS_IOC_START_SYNC: 0x80089418,
    BTRFS_IOC_SUBVOL_GETFLAGS: 0x80089419,
    BTRFS_IOC_DEV_INFO: 0xd000941e,
    BTRFS_IOC_FS_INFO: 0x8400941f,
    BTRFS_IOC_INO_LOOKUP: 0xd0009412,
    BTRFS_IOC_TREE_SEARCH: 0xd0009411,
    BTRFS_IOC_GET_FEATURES: 0x80189439,
    BTRFS_IOC_GET_SUBVOL_INFO: 0x81f8943c,
    BTRFS_IOC_GET_SUBVOL_ROOTREF: 0xd000943d,
    BTRFS_IOC_INO_LOOKUP_USER: 0xd000943e,
    BLKBSZGET: 0x80081270,
    BLKBSZSET: 0x40081271,
    BLKGETSIZE64: 0x80081272,
    BLKGETDISKSEQ: 0x80081280,
    BLKGETZONESZ: 0x80041284,
    BLKGETNRZONES: 0x80041285,
    BLKTRACESETUP: 0xc0481273,
    NS_GET_USERNS: 0xb701,
    NS_GET_PARENT: 0xb702,
    NS_GET_NSTYPE: 0xb703,
    FUSE_DEV_IOC_CLONE: 0x8004e500,
    INOTIFY_IOC_SETNEXTWD: 0x40044900,
    IOC_PR_REGISTER: 0x401870c8,
    IOC_PR_RESERVE: 0x401070c9,
    IOC_PR_RELEASE: 0x401070ca,
    IOC_PR_PREEMPT: 0x401870cb,
    IOC_PR_PREEMPT_ABORT: 0x401870cc,
    IOC_PR_CLEAR: 0x401070cd,
  }),
  ...filling('u32', { NS_GET_OWNER_UID: 0xb704 }),
  ...silent({
    BLKROSET: 0x125d,
    BLKRRPART: 0x125f,
    BLKFLSBUF: 0x1261,
    BLKRASET: 0x1262,
    BLKFRASET: 0x1264,
    BLKSECTSET: 0x1266,
    BLKPG: 0x1269,
    BLKTRACESTART: 0x1274,
    BLKTRACESTOP: 0x1275,
    BLKTRACETEARDOWN: 0x1276,
    BLKDISCARD: 0x1277,
    BLKSECDISCARD: 0x127d,
    BLKZEROOUT: 0x127f,
    LOOP_SET_FD: 0x4c00,
    LOOP_CLR_FD: 0x4c01,
    LOOP_SET_STATUS: 0x4c02,
    LOOP_SET_STATUS64: 0x4c04,
    LOOP_CHANGE_FD: 0x4c06,
    LOOP_SET_CAPACITY: 0x4c07,
    LOOP_SET_DIRECT_IO: 0x4c08,
    LOOP_SET_BLOCK_SIZE: 0x4c09,
    LOOP_CONFIGURE: 0x4c0a,
    LOOP_CTL_ADD: 0x4c80,
    LOOP_CTL_REMOVE: 0x4c81,
    LOOP_CTL_GET_FREE: 0x4c82,
    CDROMPAUSE: 0x5301,
    CDROMRESUME: 0x5302,
    CDROMSTOP: 0x5307,
    CDROMSTART: 0x5308,
    CDROMEJECT: 0x5309,
    CDROMCLOSETRAY: 0x5319,
    CDROM_SET_OPTIONS: 0x5320,
    CDROM_CLEAR_OPTIONS: 0x5321,
    CDROM_SELECT_SPEED: 0x5322,
    CDROM_SELECT_DISC: 0x5323,
    CDROM_MEDIA_CHANGED: 0x5325,
    CDROM_DRIVE_STATUS: 0x5326,
    CDROM_DISC_STATUS: 0x5327,
    CDROM_CHANGER_NSLOTS: 0x5328,
    CDROM_LOCKDOOR: 0x5329,
    CDROM_GET_CAPABILITY: 0x5331,
  }),
  ...compared({ BLKREPORTZONE: 0xc0101282, CDROM_SEND_PACKET: 0x5393 }),
];
