"""What the steps of Conductor call that leave the server: an address that answers at once, and counts.

Started as a process of its own. `GET /count` tells how many were answered before it.
"""

import asyncio
import sys

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "


class Target(asyncio.Protocol):
    answered = 0

    def __init__(self):
        self.buffer, self.transport = b"", None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            request, self.buffer = self.buffer[:end], self.buffer[end + 4 :]
            body = b'{"ok":true}'
            if request.startswith(b"GET /count "):
                body = b'{"count":%d}' % Target.answered
            else:
                Target.answered += 1
            self.transport.write(HEAD + str(len(body)).encode() + b"\r\n\r\n" + body)


async def main():
    server = await asyncio.get_running_loop().create_server(Target, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
