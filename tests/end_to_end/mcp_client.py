"""Asks `resonanz mcp` as an assistant does, with the reference client, and prints what came as JSON.

    mcp_client.py BINARY LAKE < CALLS    each line {"tool": NAME, "arguments": {…}}
"""

import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main():
    server = StdioServerParameters(command=sys.argv[1], args=["mcp", "--lake", sys.argv[2]])
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        hello = await session.initialize()
        tools = (await session.list_tools()).tools
        answers = []
        for line in sys.stdin:
            call = json.loads(line)
            result = await session.call_tool(call["tool"], call["arguments"])
            told = result.model_dump(by_alias=True, mode="json")
            answers.append({"error": bool(told.get("isError")), "answer": told["structuredContent"]})
        told = hello.model_dump(by_alias=True, mode="json")
        print(
            json.dumps(
                {
                    "server": told["serverInfo"],
                    "instructions": told["instructions"],
                    "tools": [tool.model_dump(by_alias=True, mode="json") for tool in tools],
                    "answers": answers,
                }
            )
        )


asyncio.run(main())
