// Bad pointers to buffered calls, with SIGSEGV handled, ignored and blocked: EFAULT, and the disposition and mask stay.
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../buffered-calls.h"

static void onFault(int number) {
  say("a handler was called for SIG%s\n", sigabbrev_np(number));
  _exit(1);
}

static void showState(int number) {
  struct sigaction now;
  sigset_t mask;
  sigaction(number, 0, &now);
  sigprocmask(SIG_SETMASK, 0, &mask);
  say("SIG%s: %s, %s\n", sigabbrev_np(number),
      now.sa_handler == SIG_DFL   ? "default"
      : now.sa_handler == SIG_IGN ? "ignored"
      : now.sa_handler == onFault ? "handled"
                                  : "other",
      sigismember(&mask, number) ? "blocked" : "open");
}

static void makeCalls(int file, const struct iovec *beyond) {
  char byte[8];
  int pair[2];
  need(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
  const struct iovec far = {badAddress(), 8};
  const struct iovec second[2] = {{byte, 1}, {badAddress(), 8}};
  for (int round = 0; round < 3; round++) {
    lseek(file, 0, SEEK_SET);
    result("readv of nowhere", readv(file, badAddress(), 1));
    result("readv past a page", readv(file, beyond, 2));
    result("readv to nowhere", readv(file, &far, 1));
    result("readv in part", readv(file, second, 2));
    result("writev of nowhere", writev(file, badAddress(), 1));
    result("writev past a page", writev(file, beyond, 2));
    result("writev from nowhere", writev(file, &far, 1));
    result("read to nowhere", read(file, badAddress(), 4));
    result("write from nowhere", write(file, badAddress(), 4));
    result("fstat to nowhere", fstat(file, badAddress()));
    const struct timespec none = {0, 0};
    struct pollfd *constant = mmap(0, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    result("poll of nowhere", poll(badAddress(), 1, 0));
    result("poll of what is constant", poll(constant, 1, 0));
    result("ppoll for nowhere", syscall(SYS_ppoll, 0L, 0L, badAddress(), 0L, 8L));
    result("select of nowhere", pselect(9, badAddress(), 0, 0, &none, 0));
    result("select of what is constant", pselect(9, (fd_set *)constant, 0, 0, &none, 0));
    result("futex nowhere", syscall(SYS_futex, badAddress(), 0L, 1L, &none));
    result("mask to nowhere", syscall(SYS_rt_sigprocmask, 0L, 0L, badAddress(), 8L));
    result("mask to what is constant", syscall(SYS_rt_sigprocmask, 0L, 0L, constant, 8L));
    struct msghdr message = {.msg_iov = badAddress(), .msg_iovlen = 1};
    result("recvmsg of nowhere", recvmsg(pair[0], badAddress(), MSG_DONTWAIT));
    result("recvmsg of vectors nowhere", recvmsg(pair[0], &message, MSG_DONTWAIT));
    result("sendmsg of nowhere", sendmsg(pair[0], badAddress(), 0));
    result("sendmsg of vectors nowhere", sendmsg(pair[0], &message, 0));
    result("recvfrom", recvfrom(pair[0], byte, 1, MSG_DONTWAIT, (struct sockaddr *)byte, badAddress()));
    munmap(constant, pageSize);
    result("readv negative", syscall(SYS_readv, (long)file, beyond, -1L));
    result("readv kernel", readv(file, (struct iovec *)0xffff888000000000, 1));
    result("readv non-canonical", readv(file, (struct iovec *)0x8000000000000000, 1));
  }
  close(pair[0]);
  close(pair[1]);
}

int main(void) {
  const int file = patternFile("file", 100);
  char *end = pageEnd(sizeof(struct iovec));
  const struct iovec one = {malloc(8), 8};
  memcpy(end, &one, sizeof one);
  static const int numbers[] = {SIGSEGV, SIGBUS};
  for (int how = 0; how < 4; how++) {
    for (int i = 0; i < 2; i++) signal(numbers[i], how == 0 ? SIG_DFL : how == 1 ? SIG_IGN : onFault);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigaddset(&set, SIGBUS);
    sigprocmask(how == 3 ? SIG_BLOCK : SIG_UNBLOCK, &set, 0);
    makeCalls(file, (const struct iovec *)end);
    for (int i = 0; i < 2; i++) showState(numbers[i]);
  }
  // An array in a file's page that is not there any more: SIGBUS for who looks.
  const int cut = patternFile("cut", 2 * pageSize);
  struct iovec *gone = mmap(0, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, cut, 0);
  need(gone != MAP_FAILED && ftruncate(cut, 0) == 0);
  for (int i = 0; i < 3; i++) result("readv past the end of a file", readv(file, gone, 1));
  for (int i = 0; i < 2; i++) showState(numbers[i]);
  return 0;
}
