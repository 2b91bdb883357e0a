"""Threads through a queue, and threads that race for a counter."""
import queue
import threading

channel = queue.Queue(5)
sums = []


def produce():
    for i in range(2000):
        channel.put(i)
    channel.put(None)


def consume():
    total = 0
    while (item := channel.get()) is not None:
        total += item
    sums.append(total)


counter = 0


def count():
    global counter
    for _ in range(200000):
        counter += 1


for bodies in ([produce, consume], [count] * 4):
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(sums, counter)
