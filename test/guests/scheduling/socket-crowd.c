// Threads that ask a server process over datagram and stream sockets, all at once: each answer finds its asker.
// build: -pthread
#include <pthread.h>
#include <sys/socket.h>

#include "../guest.h"

enum { clients = 8, questions = 60 };
static int ends[clients][2];
static long sums[clients];

static void *serve(void *argument) {
  int me = (int)(intptr_t)argument;
  int question;
  while (recv(ends[me][1], &question, sizeof question, 0) == sizeof question) {
    int answer = question * 2;
    need(send(ends[me][1], &answer, sizeof answer, 0) == sizeof answer);
  }
  return 0;
}

static void *ask(void *argument) {
  int me = (int)(intptr_t)argument;
  for (int i = 0; i < questions; i++) {
    int question = me * 1000 + i, answer;
    need(send(ends[me][0], &question, sizeof question, 0) == sizeof question);
    need(recv(ends[me][0], &answer, sizeof answer, 0) == sizeof answer);
    sums[me] += answer;
  }
  need(shutdown(ends[me][0], SHUT_RDWR) == 0);
  return 0;
}

int main(void) {
  for (int i = 0; i < clients; i++) {
    need(socketpair(AF_UNIX, i % 2 ? SOCK_STREAM : SOCK_SEQPACKET, 0, ends[i]) == 0);
  }
  pid_t server = fork();
  need(server >= 0);
  pthread_t all[clients];
  for (int i = 0; i < clients; i++) {
    need(pthread_create(&all[i], 0, server == 0 ? serve : ask, (void *)(intptr_t)i) == 0);
  }
  for (int i = 0; i < clients; i++) pthread_join(all[i], 0);
  if (server == 0) _exit(0);
  for (int i = 0; i < clients; i++) say("client %d: %ld\n", i, sums[i]);
  reap("server", server);
  return 0;
}
