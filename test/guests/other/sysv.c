// System V semaphores, messages and memory: waiting for a time and for others, and what IPC_STAT and IPC_INFO fill.
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

#include "../guest.h"

static void handler(int number) { (void)number; }

struct text {
  long type;
  char bytes[8];
};

static void semaphores(void) {
  int set = semget(IPC_PRIVATE, 3, 0600);
  need(set >= 0);
  struct timespec *time = pageEndCopy(&(struct timespec){0, 10000000}, sizeof *time);
  struct sembuf *take = pageEndCopy(&(struct sembuf){0, -1, 0}, sizeof *take);
  result("for a time", syscall(SYS_semtimedop, poisoned(set), take, poisoned(1), time));
  time->tv_sec = 30;
  pid_t child = fork();
  if (child == 0) {
    while (semctl(set, 0, GETNCNT) == 0) sched_yield();
    need(semop(set, &(struct sembuf){0, 1, 0}, 1) == 0);
    _exit(0);
  }
  result("given", syscall(SYS_semtimedop, poisoned(set), take, poisoned(1), time));
  reap("giver", child);
  signal(SIGALRM, handler);
  ualarm(10000, 0);
  result("interrupted", syscall(SYS_semtimedop, poisoned(set), take, poisoned(1), time));
  struct semid_ds *state = pageEnd(sizeof *state);
  result("IPC_STAT", semctl(set, 0, IPC_STAT, state));
  say("  %lu semaphores, mode %o\n", state->sem_nsems, state->sem_perm.mode);
  struct seminfo *limits = pageEnd(sizeof *limits);
  succeeded("IPC_INFO", semctl(set, 0, IPC_INFO, limits));
  say("  most %d\n", limits->semvmx);
  succeeded("SEM_INFO", semctl(set, 0, SEM_INFO, limits));
  result("bad address", semctl(set, 0, IPC_STAT, badAddress()));
  child = fork();
  if (child == 0) _exit(semop(set, take, 1) == -1 && errno == EIDRM ? 7 : 8);
  while (semctl(set, 0, GETNCNT) == 0) sched_yield();
  result("IPC_RMID", semctl(set, 0, IPC_RMID));
  reap("who waited", child);
}

static void messages(void) {
  int queue = msgget(IPC_PRIVATE, 0600);
  need(queue >= 0);
  struct msqid_ds *state = pageEnd(sizeof *state);
  result("msgctl IPC_STAT", msgctl(queue, IPC_STAT, state));
  say("  %lu messages\n", state->msg_qnum);
  succeeded("msgctl IPC_INFO", msgctl(queue, IPC_INFO, pageEnd(sizeof(struct msginfo))));
  succeeded("msgctl MSG_INFO", msgctl(queue, MSG_INFO, pageEnd(sizeof(struct msginfo))));
  pid_t child = fork();
  if (child == 0) {
    struct {
      long type;
      char bytes[16];
    } message = {7, "a longer text"};
    need(msgsnd(queue, &message, sizeof message.bytes, 0) == 0);
    _exit(0);
  }
  struct text *got = pageEnd(sizeof *got);
  result("too long", msgrcv(queue, got, sizeof got->bytes, 7, 0));
  result("cut", msgrcv(queue, got, sizeof got->bytes, 7, MSG_NOERROR));
  say("  %ld %.8s\n", got->type, got->bytes);
  reap("sender", child);
  result("none", msgrcv(queue, got, sizeof got->bytes, 0, IPC_NOWAIT));
  result("remove", msgctl(queue, IPC_RMID, 0));
}

static void memory(void) {
  int segment = shmget(IPC_PRIVATE, 10000, 0600);
  need(segment >= 0);
  char *first = shmat(segment, 0, 0), *second = shmat(segment, 0, SHM_RDONLY);
  strcpy(first, "in both");
  say("%s\n", second);
  char *over = shmat(segment, first, SHM_REMAP);
  say("%s\n", over);
  result("shmctl IPC_RMID", shmctl(segment, IPC_RMID, 0));
  struct shmid_ds *state = pageEnd(sizeof *state);
  result("shmctl IPC_STAT", shmctl(segment, IPC_STAT, state));
  say("  %zu bytes, mode %o, attached %lu\n", state->shm_segsz, state->shm_perm.mode, state->shm_nattch);
  succeeded("shmctl IPC_INFO", shmctl(segment, IPC_INFO, pageEnd(sizeof(struct shminfo))));
  succeeded("shmctl SHM_INFO", shmctl(segment, SHM_INFO, pageEnd(sizeof(struct shm_info))));
  result("shmdt", shmdt(first));
  say("%s\n", second);
}

int main(void) {
  semaphores();
  messages();
  memory();
  return 0;
}
