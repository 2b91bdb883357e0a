// C++ threads that fill a queue and empty it, with a mutex, a condition variable and containers.
// build: -pthread
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

std::mutex lock;
std::condition_variable changed;
std::deque<int> queue;
std::map<std::string, int> done;
bool closed;
int produced;

int digest(int value) {
  int sum = 0;
  for (int round = 0; round < 50; round++) sum = sum * 31 + value + round;
  return sum;
}

void produce(int first) {
  for (int value = first; value < first + 10; value++) {
    std::lock_guard<std::mutex> held(lock);
    queue.push_back(digest(value));
    produced++;
    changed.notify_one();
  }
}

void consume(const std::string& name) {
  for (;;) {
    std::unique_lock<std::mutex> held(lock);
    changed.wait(held, [] { return closed || !queue.empty(); });
    if (queue.empty()) return;
    queue.pop_front();
    done[name]++;
  }
}

}  // namespace

int main() {
  std::vector<std::thread> threads;
  for (int index = 0; index < 2; index++) threads.emplace_back(consume, "worker " + std::to_string(index));
  std::thread one(produce, 0), two(produce, 100);
  one.join();
  two.join();
  {
    std::lock_guard<std::mutex> held(lock);
    closed = true;
  }
  changed.notify_all();
  for (std::thread& thread : threads) thread.join();
  int sum = 0;
  for (const auto& [name, count] : done) sum += count;
  printf("%d of %d\n", sum, produced);
  return 0;
}
