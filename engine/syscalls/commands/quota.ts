// quotactl and quotactl_fd, by command (fs/quota/quota.c). The low byte of the argument is the type of quota.
import { command, out, silent } from '../arguments.ts';
import type { Command, Commands } from '../model.ts';

const commands: readonly Command[] = [
  ...silent({ Q_SYNC: 0x800001, Q_QUOTAON: 0x800002, Q_QUOTAOFF: 0x800003, Q_SETINFO: 0x800006, Q_SETQUOTA: 0x800008 }),
  ...silent({ Q_XQUOTAON: 0x5801, Q_XQUOTAOFF: 0x5802, Q_XSETQLIM: 0x5804, Q_XQUOTARM: 0x5806, Q_XQUOTASYNC: 0x5807 }),
  command('Q_GETFMT', 0x800004, { 3: out('addr', 'u32') }),
  command('Q_GETINFO', 0x800005, { 3: out('addr', 'quota_info') }),
  command('Q_GETQUOTA', 0x800007, { 3: out('addr', 'quota_block') }),
  command('Q_GETNEXTQUOTA', 0x800009, { 3: out('addr', 'quota_next_block') }),
  command('Q_XGETQUOTA', 0x5803, { 3: out('addr', 'xfs_quota') }),
  command('Q_XGETQSTAT', 0x5805, { 3: out('addr', 'xfs_quota_stat') }),
  command('Q_XGETQSTATV', 0x5808, { 3: out('addr', 'xfs_quota_statv', { inOut: true }) }),
  command('Q_XGETNEXTQUOTA', 0x5809, { 3: out('addr', 'xfs_quota') }),
].map((each) => ({ ...each, value: (each.value << 8) >>> 0 }));

export const quotaCommands: Commands = { argument: 0, mask: 0xffffff00, list: commands, otherwise: 'none' };
export const quotaDescriptorCommands: Commands = { ...quotaCommands, argument: 1 };
