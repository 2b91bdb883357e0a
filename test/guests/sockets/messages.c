// sendmsg and recvmsg: vectors, descriptors and credentials as control data, timestamps, cut-off control data.
#include <sys/socket.h>
#include <sys/time.h>

#include "../guest.h"

static struct msghdr *message(struct iovec *parts, size_t count, void *control, size_t controlSize) {
  struct msghdr header = {.msg_iov = parts, .msg_iovlen = count, .msg_control = control, .msg_controllen = controlSize};
  return pageEndCopy(&header, sizeof header);
}

static void showControl(struct msghdr *header) {
  say("  flags %x, control %zu bytes\n", header->msg_flags, header->msg_controllen);
  for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
    say("  level %d type %d length %zu\n", part->cmsg_level, part->cmsg_type, part->cmsg_len);
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_RIGHTS) {
      int received;
      memcpy(&received, CMSG_DATA(part), sizeof received);
      char text[8] = {0};
      say("  descriptor %d reads %ld", received, (long)pread(received, text, 5, 0));
      say(" %s\n", text);
    } else if (part->cmsg_type == SCM_CREDENTIALS) {
      struct ucred who;
      memcpy(&who, CMSG_DATA(part), sizeof who);
      say("  me %d %d %d\n", who.pid == getpid(), who.uid == getuid(), who.gid == getgid());
    } else if (part->cmsg_type == SCM_TIMESTAMP) {
      struct timeval time;
      memcpy(&time, CMSG_DATA(part), sizeof time);
      say("  recent %d\n", time.tv_sec > 1000000000);
    }
  }
}

int main(void) {
  int ends[2], file = patternFile("file", 100);
  need(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
  char *first = pageEnd(5), *second = pageEnd(8);
  struct iovec out[2] = {{"first", 5}, {"second", 6}}, in[2] = {{first, 5}, {second, 8}};
  char *control = pageEnd(CMSG_SPACE(sizeof(int)));
  struct cmsghdr *part = (struct cmsghdr *)control;
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(part), &file, sizeof file);
  result("sendmsg",
         syscall(SYS_sendmsg, poisoned(ends[0]), message(out, 2, control, CMSG_SPACE(sizeof(int))), poisoned(0)));
  char *room = pageEnd(64);
  struct msghdr *header = message(in, 2, room, 64);
  result("recvmsg", syscall(SYS_recvmsg, poisoned(ends[1]), header, poisoned(0)));
  say("  %.5s %.6s\n", first, second);
  showControl(header);

  result("sendmsg again", sendmsg(ends[0], message(out, 1, control, CMSG_SPACE(sizeof(int))), 0));
  header = message(in, 2, room, 8);
  result("recvmsg without room for control data", recvmsg(ends[1], header, 0));
  say("  flags %x\n", header->msg_flags);
  result("sendmsg of a bad descriptor", (memcpy(CMSG_DATA(part), &(int){99}, sizeof(int)),
                                         sendmsg(ends[0], message(out, 1, control, CMSG_SPACE(sizeof(int))), 0)));

  int on = 1;
  need(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
  need(setsockopt(ends[1], SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on) == 0);
  result("sendmsg plain", sendmsg(ends[0], message(out, 2, 0, 0), 0));
  char *large = pageEnd(256);
  header = message(in, 1, large, 256);
  result("recvmsg with credentials and time", recvmsg(ends[1], header, 0));
  say("  data cut off %d\n", !!(header->msg_flags & MSG_TRUNC));
  showControl(header);
  result("recvmsg nothing", recvmsg(ends[1], header, MSG_DONTWAIT));
  result("recvmsg header at bad address", syscall(SYS_recvmsg, poisoned(ends[1]), badAddress(), poisoned(0)));
  need(send(ends[0], "x", 1, 0) == 1);
  in[0].iov_base = badAddress();
  result("recvmsg part at bad address", recvmsg(ends[1], message(in, 1, 0, 0), 0));
  return 0;
}
