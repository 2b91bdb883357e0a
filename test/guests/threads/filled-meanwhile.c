// Buffers behind structures of calls that block: a thread that watches them sees them filled at the same point.
#include <pthread.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../guest.h"

static int pipes[2], sockets[2];
static volatile char buffers[2][64];
static char control[128], name[128];

static struct iovec vector[2] = {{(void *)buffers[0], 4}, {(void *)buffers[1], 4}};

static void *readVector(void *unused_) {
  result("readv", readv(pipes[0], vector, 2));
  return 0;
}

static void *receive(void *unused_) {
  struct msghdr message = {name, sizeof name, vector, 2, control, sizeof control, 0};
  result("recvmsg", recvmsg(sockets[0], &message, 0));
  say("  control %zu, name %d, flags %d, pointers kept %d\n", message.msg_controllen, message.msg_namelen,
      message.msg_flags, message.msg_iov == vector && message.msg_control == control && message.msg_name == name);
  return 0;
}

static void *receiveSeveral(void *unused_) {
  struct mmsghdr messages[2] = {{{0, 0, &vector[0], 1, control, sizeof control, 0}, 0},
                                {{name, sizeof name, &vector[1], 1, 0, 0, 0}, 0}};
  result("recvmmsg", recvmmsg(sockets[0], messages, 2, 0, 0));
  say("  lengths %u %u, control %zu, pointers kept %d\n", messages[0].msg_len, messages[1].msg_len,
      messages[0].msg_hdr.msg_controllen, messages[1].msg_hdr.msg_iov == vector + 1);
  return 0;
}

static void watch(const char *what, void *(*reader)(void *), int output, const char *text, size_t piece) {
  memset((void *)buffers, 0, sizeof buffers);
  pthread_t thread;
  need(pthread_create(&thread, 0, reader, 0) == 0);
  for (int i = 0; i < 20; i++) sched_yield();
  for (const char *at = text; *at; at += piece) need(write(output, at, piece) == (ssize_t)piece);
  // How often it looks in vain differs from run to run, but not between a recording and its replay.
  for (volatile unsigned looks = 0; buffers[1][3] == 0; looks++) continue;
  need(pthread_join(thread, 0) == 0);
  say("%s: %.4s %.4s, pointers kept %d\n", what, buffers[0], buffers[1],
      vector[0].iov_base == buffers[0] && vector[1].iov_base == buffers[1]);
}

int main(void) {
  need(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) == 0);
  watch("readv", readVector, pipes[1], "abcdefgh", 8);
  watch("recvmsg", receive, sockets[1], "ijklmnop", 8);
  watch("recvmmsg", receiveSeveral, sockets[1], "qrstuvwx", 4);
  return 0;
}
