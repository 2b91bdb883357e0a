// Runs a program and tells which system calls the processes of its replays have made: those that have one filter more
// than this program gives to all (seccomp_unotify(2)). They are traced already, so that strace could not look at them;
// and a call that PTRACE_SYSEMU stops, or the replay's filter kills for, does not come this far.
//
// witness FILE PROGRAM ARGS...    FILE gets a line `NUMBER ADDRESS` for each call and place; ends as the program does.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMostPlaces = 4096 };

// Upper halves of the addresses where the kernel maps libraries: their calls are those of the program that runs the
// replays, whose waits must not be broken. The replays that are watched have nothing there.
enum { kLibraries = 0x7e00, kBehindLibraries = 0x7fff };

struct Shared {
  volatile int listener;  // -1: not there yet, -2: refused
  volatile int error;
};

struct Place {
  int number;
  unsigned long long address;
};

static struct Place places[kMostPlaces];
static size_t placeCount;

struct Start {
  struct Shared *shared;
  char **program;
};

// How many filters a process has, as /proc tells; 0 when it is gone.
static int filtersOf(int tid) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/status", tid);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = 0;
  const char *filters = strstr(text, "\nSeccomp_filters:");
  return filters == NULL ? 0 : atoi(filters + strlen("\nSeccomp_filters:"));
}

static void note(int number, unsigned long long address) {
  for (size_t i = 0; i < placeCount; i++) {
    if (places[i].number == number && places[i].address == address) return;
  }
  if (placeCount == kMostPlaces) return;
  const struct Place place = {number, address};
  places[placeCount++] = place;
}

static int startWitnessed(void *argument) {
  const struct Start *start = argument;
  const struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kBehindLibraries, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kLibraries, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
  };
  const struct sock_fprog program = {sizeof filter / sizeof *filter, (struct sock_filter *)filter};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  start->shared->error = listener < 0 ? errno : 0;
  start->shared->listener = listener < 0 ? -2 : (int)listener;
  if (listener < 0) return 3;
  fcntl((int)listener, F_SETFD, FD_CLOEXEC);
  execvp(start->program[0], start->program);
  return 127;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  struct Shared *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  shared->listener = -1;
  struct Start start = {shared, argv + 2};
  static char stack[1 << 16] __attribute__((aligned(16)));
  const int before = filtersOf(getpid());
  // Its descriptors are ours until it executes the program: so the listener is ours, too.
  const pid_t child = clone(startWitnessed, stack + sizeof stack, CLONE_FILES | SIGCHLD, &start);
  if (child < 0) return 2;
  while (shared->listener == -1) usleep(1000);
  if (shared->listener < 0) {
    fprintf(stderr, "witness: seccomp(2): %s\n", strerror(shared->error));
    return 2;
  }
  const int listener = shared->listener;
  struct pollfd poller = {listener, POLLIN, 0};
  while (poll(&poller, 1, -1) >= 0 || errno == EINTR) {
    if (poller.revents & POLLHUP) break;
    if (!(poller.revents & POLLIN)) continue;
    struct seccomp_notif call;
    memset(&call, 0, sizeof call);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
    if (filtersOf((int)call.pid) > before + 1) note(call.data.nr, call.data.instruction_pointer);
    const struct seccomp_notif_resp answer = {call.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
  FILE *file = fopen(argv[1], "w");
  if (file == NULL) return 2;
  for (size_t i = 0; i < placeCount; i++) fprintf(file, "%d 0x%llx\n", places[i].number, places[i].address);
  fclose(file);
  int status = 0;
  while (waitpid(child, &status, 0) != child) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
