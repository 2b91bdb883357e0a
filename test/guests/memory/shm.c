// System V shared memory: shmget, shmat, shmctl, shmdt, over a fork.
#include <sys/shm.h>

#include "../guest.h"

int main(void) {
  long id = syscall(SYS_shmget, poisoned(IPC_PRIVATE), 2L * pageSize, poisoned(IPC_CREAT | 0600));
  need(id >= 0);
  char *area = (char *)syscall(SYS_shmat, poisoned(id), 0L, poisoned(0));
  need(area != (char *)-1);
  strcpy(area, "from the parent");
  struct shmid_ds *state = pageEnd(sizeof *state);
  result("IPC_STAT", syscall(SYS_shmctl, poisoned(id), poisoned(IPC_STAT), state));
  say("  size %ld attached %ld\n", (long)state->shm_segsz, (long)state->shm_nattch);
  pid_t child = fork();
  if (child == 0) {
    say("child sees %s\n", area);
    strcpy(area + pageSize, "from the child");
    result("child shmdt", syscall(SYS_shmdt, area));
    char *again = (char *)syscall(SYS_shmat, poisoned(id), 0L, poisoned(SHM_RDONLY));
    say("child again %s\n", again + pageSize);
    _exit(0);
  }
  reap("child", child);
  say("parent sees %s\n", area + pageSize);
  result("IPC_RMID", syscall(SYS_shmctl, poisoned(id), poisoned(IPC_RMID), 0L));
  result("shmdt", syscall(SYS_shmdt, area));
  result("shmdt again", syscall(SYS_shmdt, area));
  result("shmat of the removed", syscall(SYS_shmat, poisoned(id), 0L, poisoned(0)));
  return 0;
}
