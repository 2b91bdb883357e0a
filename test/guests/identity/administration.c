// Calls of administrators, with arguments that the kernel refuses: one error each, and nothing else.
#include <linux/memfd.h>
#include <sched.h>
#include <sys/xattr.h>

#include "../guest.h"
int main(void) {
  int f = patternFile("file", 100);
  result("lsetxattr", syscall(SYS_lsetxattr, "file", "user.x", "v", 1L, poisoned(0)));
  char *v = pageEnd(1);
  result("lgetxattr", syscall(SYS_lgetxattr, "file", "user.x", v, 1L));
  result("lgetxattr fault", syscall(SYS_lgetxattr, "file", "user.x", badAddress(), 1L));
  result("ioprio_set", syscall(SYS_ioprio_set, poisoned(1), poisoned(0), poisoned((2 << 13) | 4)));
  result("ioprio_get", syscall(SYS_ioprio_get, poisoned(1), poisoned(0)));
  result("chroot", chroot("/nothere"));
  syscall(SYS_sync);
  result("vhangup-uselib", syscall(SYS_uselib, "x"));
  result("get_thread_area", syscall(SYS_get_thread_area, 0L));
  result("set_thread_area", syscall(SYS_set_thread_area, 0L));
  result("process_mrelease", syscall(SYS_process_mrelease, poisoned(-1), poisoned(0)));
  result("quotactl_fd", syscall(SYS_quotactl_fd, poisoned(-1), poisoned(0), poisoned(0), 0L));
  result("quotactl_fd", syscall(SYS_quotactl_fd, poisoned(f), poisoned(0x80000100), poisoned(0), pageEnd(8)));
  result("migrate_pages", syscall(SYS_migrate_pages, poisoned(0), 64L, 0L, 0L));
  unsigned long node = 1;
  result("migrate_pages", syscall(SYS_migrate_pages, poisoned(0), 64L, &node, &node));
  result("home_node", syscall(SYS_set_mempolicy_home_node, 0L, 0L, 0L, 0L));
  result("set_mempolicy", syscall(SYS_set_mempolicy, poisoned(0), 0L, 0L));
  char *m = mmap(0, 8192, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  m[0] = 1;
  result("mbind", syscall(SYS_mbind, m, 4096L, poisoned(0), 0L, 0L, poisoned(0)));
  void *pages[2] = {m, m + 4096};
  int *st = pageEnd(8);
  result("move_pages", syscall(SYS_move_pages, poisoned(0), 2L, pages, 0L, st, poisoned(0)));
  say(" %d %d\n", st[0], st[1]);
  result("process_madvise", syscall(SYS_process_madvise, poisoned(-1), 0L, 0L, poisoned(20), poisoned(0)));
  result("swapon", syscall(SYS_swapon, "/nothere", poisoned(0)));
  result("swapoff", syscall(SYS_swapoff, "/nothere"));
  result("reboot", syscall(SYS_reboot, 0L, 0L, 0L, 0L));
  result("acct", syscall(SYS_acct, "/nothere"));
  result("delete_module", syscall(SYS_delete_module, "nothere", poisoned(0)));
  result("init_module", syscall(SYS_init_module, "x", 1L, ""));
  result("finit_module", syscall(SYS_finit_module, poisoned(-1), "", poisoned(0)));
  result("kexec_load", syscall(SYS_kexec_load, 0L, 100L, 0L, 0xffL));
  result("kexec_file_load", syscall(SYS_kexec_file_load, poisoned(-1), poisoned(-1), 0L, 0L, 0xffL));
  result("ioperm", syscall(SYS_ioperm, 0xffff00L, 1L, poisoned(1)));
  result("setdomainname", syscall(SYS_setdomainname, badAddress(), poisoned(4)));
  result("settimeofday", syscall(SYS_settimeofday, badAddress(), 0L));
  result("setns", syscall(SYS_setns, poisoned(-1), poisoned(0)));
  result("umount2", syscall(SYS_umount2, "/nothere", poisoned(0)));
  result("mount", syscall(SYS_mount, "none", "/nothere", "tmpfs", 0L, 0L));
  result("pivot_root", syscall(SYS_pivot_root, "/nothere", "/nothere"));
  result("fsopen", syscall(SYS_fsopen, "nothere", poisoned(0)));
  result("fsmount", syscall(SYS_fsmount, poisoned(-1), poisoned(0), poisoned(0)));
  result("fsconfig", syscall(SYS_fsconfig, poisoned(-1), poisoned(0), 0L, 0L, poisoned(0)));
  result("fspick", syscall(SYS_fspick, poisoned(-100), "/nothere", poisoned(0)));
  result("move_mount", syscall(SYS_move_mount, poisoned(-1), "", poisoned(-1), "", poisoned(0)));
  result("open_tree", syscall(SYS_open_tree, poisoned(-100), "/nothere", poisoned(0)));
  result("mount_setattr", syscall(SYS_mount_setattr, poisoned(-100), "/nothere", poisoned(0), badAddress(), 32L));
  result("sched_setattr", syscall(SYS_sched_setattr, poisoned(0), badAddress(), poisoned(0)));
  result("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, poisoned(getpid()), poisoned(0), badAddress()));
  result("mq_notify", syscall(SYS_mq_notify, poisoned(-1), badAddress()));
  result("fanotify_init", syscall(SYS_fanotify_init, poisoned(0xffffffff), poisoned(0)));
  result("fanotify_mark", syscall(SYS_fanotify_mark, poisoned(-1), poisoned(0), 0L, poisoned(-100), "/"));
  result("bpf", syscall(SYS_bpf, poisoned(9999), 0L, poisoned(0)));
  result("bpf", syscall(SYS_bpf, poisoned(0), badAddress(), poisoned(16)));
  result("perf", syscall(SYS_perf_event_open, badAddress(), poisoned(0), poisoned(-1), poisoned(-1), 0L));
  char attr[112] = {0};
  *(int *)(attr + 4) = 8;
  result("perf size", syscall(SYS_perf_event_open, attr, poisoned(0), poisoned(-1), poisoned(-1), 0L));
  say(" size %d\n", *(int *)(attr + 4) > 0);
  result("open_by_handle_at", syscall(SYS_open_by_handle_at, poisoned(-100), badAddress(), poisoned(0)));
  struct {
    unsigned bytes;
    int type;
    unsigned char h[128];
  } h = {.bytes = 128};
  int mid;
  need(syscall(SYS_name_to_handle_at, AT_FDCWD, "file", &h, &mid, 0) == 0);
  succeeded("open_by_handle_at", syscall(SYS_open_by_handle_at, poisoned(AT_FDCWD), &h, poisoned(O_RDONLY)));
  return 0;
}
