"""asyncio: a server and its clients, timers, a child process and a thread pool in one event loop."""
import asyncio
import time


async def answer(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def ask(port, name):
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    answers = []
    for i in range(20):
        writer.write(f'{name} {i}\n'.encode())
        answers.append((await reader.readline()).decode().strip())
        await asyncio.sleep(0.001)
    writer.close()
    return answers[-1]


def compute(n):
    time.sleep(0.002)
    return sum(i * i for i in range(n))


async def main():
    server = await asyncio.start_server(answer, '127.0.0.1', 0)
    port = server.sockets[0].getsockname()[1]
    print(await asyncio.gather(*(ask(port, f'client{i}') for i in range(5))))
    child = await asyncio.create_subprocess_exec('/bin/echo', 'from a child', stdout=asyncio.subprocess.PIPE)
    print((await child.communicate())[0])
    print(await asyncio.gather(*(asyncio.to_thread(compute, n * 20000) for n in range(1, 5))))
    server.close()


asyncio.run(main())
