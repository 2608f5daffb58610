"""A client that takes so little of the machine that what it drives is measured, and not the client.

Answers are kept as bytes and looked at after the clock has stopped.
"""

import asyncio
import json
import time


class Connection(asyncio.Protocol):
    """One connection of HTTP/1.1 that is kept: a request, its answer, the next request."""

    def __init__(self):
        self.buffer, self.waiting, self.transport = bytearray(), None, None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        answer = parsed(self.buffer)
        if answer is not None and self.waiting is not None:
            self.buffer = bytearray()
            self.waiting.set_result(answer)
            self.waiting = None

    def connection_lost(self, error):
        if self.waiting is not None:
            self.waiting.set_exception(error or ConnectionError("the server has closed the connection"))
            self.waiting = None

    def request(self, message):
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(message)
        return self.waiting


def parsed(buffer):
    """The status and the body of an answer that is whole; None before."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end]).lower()
    status = int(head[9:12])
    if b"\r\ntransfer-encoding: chunked" in head:
        return (status, unchunked(buffer[end + 4 :])) if buffer.endswith(b"0\r\n\r\n") else None
    length = head.find(b"\r\ncontent-length:")
    length = int(head[length + 17 :].split(b"\r\n", 1)[0]) if length >= 0 else 0
    body = bytes(buffer[end + 4 :])
    return (status, body) if len(body) >= length else None


def unchunked(chunks):
    body = bytearray()
    while chunks:
        size, _, rest = chunks.partition(b"\r\n")
        size = int(size, 16)
        body += rest[:size]
        chunks = rest[size + 2 :] if size else b""
    return bytes(body)


# How long an answer may take beyond the time that is measured; then the round is given up.
PATIENCE = 120


class Client:
    """A server's address, and the token that is shown to it."""

    def __init__(self, port, token=None):
        self.port, self.token = port, token

    def message(self, method, path, body=None):
        body = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\ncontent-length: {len(body)}\r\n"
        head += "content-type: application/json\r\naccept: application/json\r\n"
        head += f"authorization: Bearer {self.token}\r\n" if self.token else ""
        return head.encode() + b"\r\n" + body

    async def connect(self):
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, "127.0.0.1", self.port)
        return connection

    def call(self, method, path, body=None):
        """One request outside of any measurement; what it answers, which has to be a success."""

        async def one():
            connection = await self.connect()
            answer = await connection.request(self.message(method, path, body))
            connection.transport.close()
            return answer

        status, answer = asyncio.run(asyncio.wait_for(one(), PATIENCE))
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status} {answer.decode(errors='replace')[:600]}")
        return json.loads(answer) if answer else None

    def drive(self, at_once, seconds, work):
        """Does `work(connection)` over and over on this many connections for this long, and begins nothing after that.

        Gives the seconds until the last one had its answer, and each answer with the seconds that it took.
        """

        async def lane(started, connection, done):
            while time.perf_counter() - started < seconds:
                began = time.perf_counter()
                answer = await work(connection)
                done.append((time.perf_counter() - began, answer))

        async def all_lanes():
            connections = [await self.connect() for _ in range(at_once)]
            done, started = [], time.perf_counter()
            await asyncio.gather(*(lane(started, connection, done) for connection in connections))
            elapsed = time.perf_counter() - started
            for connection in connections:
                connection.transport.close()
            return elapsed, done

        return asyncio.run(asyncio.wait_for(all_lanes(), seconds + PATIENCE))
