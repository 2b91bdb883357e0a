// Calls that few programs make: a recorder without a model for them must warn, not fail, and find what they wrote.
#include <linux/futex.h>

#include "../guest.h"

int main(void) {
  close(patternFile("file", 10));
  struct {
    unsigned bytes;
    int type;
    unsigned char handle[128];
  } *handle = pageEnd(sizeof *handle);
  handle->bytes = 128;
  int *mount = pageEnd(sizeof *mount);
  succeeded("name_to_handle_at",
            syscall(SYS_name_to_handle_at, poisoned(AT_FDCWD), "file", handle, mount, poisoned(0)));
  say("  bytes set %d\n", handle->bytes > 0 && handle->bytes <= 128);
  int *mode = pageEnd(sizeof *mode);
  uint64_t *nodes = pageEnd(128);
  succeeded("get_mempolicy", syscall(SYS_get_mempolicy, mode, nodes, 1024L, 0L, 0L));
  succeeded("membarrier query", syscall(SYS_membarrier, poisoned(0), poisoned(0), poisoned(0)));
  result("kcmp", syscall(SYS_kcmp, poisoned(getpid()), poisoned(getpid()), poisoned(0), 1L, 1L));
  int queue = syscall(SYS_mq_open, "rr-guest-queue", poisoned(O_RDWR | O_CREAT), poisoned(0600), 0L);
  succeeded("mq_open", queue);
  if (queue >= 0) {
    syscall(SYS_mq_unlink, "rr-guest-queue");
    result("mq_timedsend", syscall(SYS_mq_timedsend, poisoned(queue), "message", 7L, poisoned(3), 0L));
    char *text = pageEnd(8192);
    unsigned *priority = pageEnd(sizeof *priority);
    result("mq_timedreceive", syscall(SYS_mq_timedreceive, poisoned(queue), text, 8192L, priority, 0L));
    say("  %.7s, priority %u\n", text, *priority);
    long *attributes = pageEnd(64);
    result("mq_getsetattr", syscall(SYS_mq_getsetattr, poisoned(queue), 0L, attributes));
    say("  %ld %ld\n", attributes[1], attributes[2]);
  }
  long keys = syscall(SYS_msgget, poisoned(0), poisoned(01600));
  succeeded("msgget", keys);
  struct {
    long type;
    char text[8];
  } message = {5, "message"}, *back = pageEnd(sizeof *back);
  result("msgsnd", syscall(SYS_msgsnd, poisoned(keys), &message, 8L, poisoned(0)));
  result("msgrcv", syscall(SYS_msgrcv, poisoned(keys), back, 8L, 0L, poisoned(0)));
  say("  %ld %s\n", back->type, back->text);
  result("msgctl", syscall(SYS_msgctl, poisoned(keys), poisoned(0), 0L));
  long set = syscall(SYS_semget, poisoned(0), poisoned(2), poisoned(01600));
  succeeded("semget", set);
  struct {
    unsigned short number;
    short operation, flags;
  } operations[2] = {{0, 3, 0}, {1, 1, 0}};
  result("semop", syscall(SYS_semop, poisoned(set), operations, poisoned(2)));
  result("semctl GETVAL", syscall(SYS_semctl, poisoned(set), poisoned(0), poisoned(12), 0L));
  unsigned short *all = pageEnd(4);
  result("semctl GETALL", syscall(SYS_semctl, poisoned(set), poisoned(0), poisoned(13), all));
  say("  %u %u\n", all[0], all[1]);
  result("semctl IPC_RMID", syscall(SYS_semctl, poisoned(set), poisoned(0), poisoned(0), 0L));
  uint32_t *listed = pageEnd(4);
  result("modify_ldt", syscall(SYS_modify_ldt, poisoned(0), listed, 4L));
  result("lookup_dcookie", syscall(SYS_lookup_dcookie, 1L, listed, 4L));
  result("userfaultfd wrong flag", syscall(SYS_userfaultfd, poisoned(0x40000000)));
  result("iopl", syscall(SYS_iopl, poisoned(9)));
  result("quotactl", syscall(SYS_quotactl, poisoned(0), 0L, poisoned(0), 0L));
  return 0;
}
