// Which system calls the filter of a replay's processes passes (native/launcher/replay-filter.h): each is tried in a
// child of its own, which ends by SIGILL right behind the call if the kernel has come back from it.
#include "launcher/replay-filter.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kSocket = 900, kNumbers = 480 };

// uretprobe and uprobe, which the kernel keeps from all filters (seccomp.c), and answers by SIGILL where it has set no
// probe.
enum { kUretprobe = 335, kUprobe = 336 };

static unsigned char *const ourPage = (unsigned char *)0x70000000;
static unsigned char *const otherPage = (unsigned char *)0x71000000;
static const unsigned char plainCall[] = {0x0f, 0x05, 0x0f, 0x0b};  // syscall; ud2
static const unsigned char oldCall[] = {0xcd, 0x80, 0x0f, 0x0b};    // int $0x80; ud2

static int mapCode(unsigned char *page, const unsigned char *code) {
  if (mmap(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page) {
    return -1;
  }
  memcpy(page, code, sizeof plainCall);
  return 0;
}

struct Arguments {
  long of[6];
};

// Whether the kernel came back from the call.
static int cameBack(unsigned char *page, const unsigned char *code, long number, struct Arguments arguments) {
  const pid_t child = fork();
  if (child == 0) {
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    alarm(10);
    if (mapCode(page, code) != 0 || installReplayFilter(kSocket) != 0) _exit(3);
    register long r10 __asm__("r10") = arguments.of[3];
    register long r8 __asm__("r8") = arguments.of[4];
    register long r9 __asm__("r9") = arguments.of[5];
    __asm__ volatile("jmp *%%rbx"
                     :
                     : "a"(number), "b"(page), "D"(arguments.of[0]), "S"(arguments.of[1]), "d"(arguments.of[2]),
                       "r"(r10), "r"(r8), "r"(r9)
                     : "memory");
    __builtin_unreachable();
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGILL) return 1;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return 0;
  // A kernel without 32-bit calls.
  if (code == oldCall && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) return 0;
  printf("unexpected: call %ld ended with wait status 0x%x\n", number, status);
  return 0;
}

// What a replay gives them.
static struct Arguments usual(long number) {
  struct Arguments arguments = {{0}};
  if (number == SYS_recvmsg) arguments.of[0] = kSocket;
  if (number == SYS_arch_prctl) arguments.of[0] = 0x1012;
  if (number == SYS_modify_ldt) arguments.of[0] = 0x11;
  if (number == SYS_mmap) arguments.of[3] = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  return arguments;
}

static void tell(const char *what, long number, int came) {
  if (came) printf("%s %ld\n", what, number);
}

int main(void) {
  for (long number = 0; number < kNumbers; number++) {
    if (number == kUretprobe || number == kUprobe) continue;
    if (!cameBack(ourPage, plainCall, number, usual(number))) continue;
    tell("passed", number, 1);
    tell("elsewhere", number, cameBack(otherPage, plainCall, number, usual(number)));
  }
  static const struct {
    long number;
    int argument;
    long value;
  } wrong[] = {
      {SYS_mmap, 3, MAP_PRIVATE | MAP_ANONYMOUS | 0x40000},  // MAP_HUGETLB
      {SYS_mmap, 3, 1L << 32 | MAP_PRIVATE},
      {SYS_clone, 0, 0x00800000},  // CLONE_UNTRACED
      {SYS_clone, 0, 0x10000000},  // CLONE_NEWUSER
      {SYS_recvmsg, 0, 3},
      {SYS_arch_prctl, 0, 0x1002},  // ARCH_SET_FS
      {SYS_modify_ldt, 0, 0},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct Arguments arguments = usual(wrong[i].number);
    arguments.of[wrong[i].argument] = wrong[i].value;
    tell("wrong", wrong[i].number, cameBack(ourPage, plainCall, wrong[i].number, arguments));
  }
  // Of a 32-bit program: exit, creat, munmap, mprotect, clone; and one of x32.
  static const long old[] = {1, 8, 91, 125, 120};
  for (size_t i = 0; i < sizeof old / sizeof *old; i++)
    tell("old", old[i], cameBack(ourPage, oldCall, old[i], usual(-1)));
  tell("x32", SYS_munmap, cameBack(ourPage, plainCall, 0x40000000 + SYS_munmap, usual(-1)));
  return 0;
}
