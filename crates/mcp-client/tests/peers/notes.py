"""A server on the Python `mcp` SDK: every kind of offer, and a tool that changes the offer."""

import sys
from typing import Annotated

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel

server = MCPServer("notes", version="1.2.3", instructions="Keeps notes.")


class Sum(BaseModel):
    total: int


class Colour(BaseModel):
    colour: str


@server.tool()
def add(a: int, b: int) -> Sum:
    """Adds two numbers."""
    return Sum(total=a + b)


@server.tool()
def fail() -> str:
    """Always fails."""
    raise ToolError("the ink is dry")


@server.tool()
def key(ctx: Context) -> str:
    """Says which idempotency key the call carried."""
    return str(dict(ctx.request_context.meta or {}).get("conductor/idempotency-key"))


def which_colour() -> Elicit[Colour]:
    return Elicit("Which colour?", Colour)


@server.tool()
def paint(colour: Annotated[Colour, Resolve(which_colour)]) -> str:
    """Asks for a colour, in whichever way the protocol's version has."""
    return colour.colour


@server.tool()
async def grow(ctx: Context) -> str:
    """Adds a tool and says so."""

    def grown() -> str:
        """Was not there before."""
        return "here"

    server.add_tool(grown)
    await ctx.notify_tools_changed()
    await ctx.session.send_tool_list_changed()
    return "grown"


stopped = 0


@server.tool()
async def wait() -> str:
    """Never ends by itself."""
    global stopped
    try:
        await anyio.sleep_forever()
    finally:
        stopped += 1


@server.tool()
def stops() -> str:
    """Says how many calls of `wait` were stopped."""
    return str(stopped)


@server.resource("note://first")
def first() -> str:
    """The first note."""
    return "buy ink"


@server.prompt()
def summarise(topic: str) -> str:
    """Asks for a summary."""
    return f"Summarise {topic}."


transport = sys.argv[1]
if transport == "stdio":
    server.run("stdio")
else:
    server.run(transport, host="127.0.0.1", port=0)
