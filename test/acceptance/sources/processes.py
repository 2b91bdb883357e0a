"""multiprocessing: a pool, a queue, a lock and shared memory."""
import multiprocessing


def squares(n):
    return sum(i * i for i in range(n))


def fill(queue, lock, counter, name):
    for i in range(50):
        with lock:
            counter.value += 1
        queue.put((name, i))


if __name__ == '__main__':
    with multiprocessing.Pool(3) as pool:
        print(pool.map(squares, [100000, 200000, 300000]))
    queue, lock, counter = multiprocessing.Queue(), multiprocessing.Lock(), multiprocessing.Value('i', 0)
    children = [multiprocessing.Process(target=fill, args=(queue, lock, counter, name)) for name in 'abc']
    for child in children:
        child.start()
    print(len({queue.get() for _ in range(150)}))
    for child in children:
        child.join()
    print(counter.value, [child.exitcode for child in children])
