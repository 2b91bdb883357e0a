// Processes on process-shared semaphores, a mutex and a condition in shared memory.
// build: -pthread
#include <pthread.h>
#include <semaphore.h>

#include "../guest.h"

enum { processes = 6, rounds = 60 };
struct shared {
  sem_t empty, full;
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  long box, sum;
  int done;
};

int main(void) {
  struct shared *shared = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  need(shared != MAP_FAILED);
  pthread_mutexattr_t mutex;
  pthread_condattr_t condition;
  pthread_mutexattr_init(&mutex);
  pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
  pthread_condattr_init(&condition);
  pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
  need(sem_init(&shared->empty, 1, 1) == 0 && sem_init(&shared->full, 1, 0) == 0);
  need(pthread_mutex_init(&shared->mutex, &mutex) == 0 && pthread_cond_init(&shared->condition, &condition) == 0);
  for (int i = 0; i < processes; i++) {
    pid_t child = fork();
    need(child >= 0);
    if (child > 0) continue;
    for (int round = 0; round < rounds; round++) {
      if (i % 2 == 0) {
        need(sem_wait(&shared->empty) == 0);
        shared->box = round;
        need(sem_post(&shared->full) == 0);
      } else {
        need(sem_wait(&shared->full) == 0);
        long got = shared->box;
        need(sem_post(&shared->empty) == 0);
        pthread_mutex_lock(&shared->mutex);
        shared->sum += got;
        pthread_mutex_unlock(&shared->mutex);
      }
    }
    pthread_mutex_lock(&shared->mutex);
    shared->done++;
    pthread_cond_signal(&shared->condition);
    pthread_mutex_unlock(&shared->mutex);
    _exit(0);
  }
  pthread_mutex_lock(&shared->mutex);
  while (shared->done < processes) pthread_cond_wait(&shared->condition, &shared->mutex);
  pthread_mutex_unlock(&shared->mutex);
  for (int i = 0; i < processes; i++) need(wait(0) > 0);
  say("sum %ld\n", shared->sum);
  return 0;
}
