"""The door for the Model Context Protocol (MCP), by which programs with language models call tools.

The tools, their arguments and their answers are here, for HTTP and for `rayocr mcp`; reading is not: a `Calls` asks the
service, or this process. The SDK `mcp` speaks the protocol. It takes most of a second to import, so `door.py` imports
the modules that need it for the first request.
"""
