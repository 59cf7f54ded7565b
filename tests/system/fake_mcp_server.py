"""An external MCP server that hands out a credential, for tests: `fake_mcp_server.py stdio|http GENERATION ANSWER_FILE`.

GENERATION is `stateless` (2026-07-28) or `session` (2025-11-25, initialize first, no answer to anything before). The
answer file holds the JSON that get_credential gives; `{"refuse": true}` makes it refuse. Over HTTP it prints its port
and wants the bearer token of $FAKE_MCP_TOKEN; answers come as JSON, or as a stream of events when $FAKE_MCP_EVENTS is
set.
"""
import http.server
import json
import os
import sys

STATELESS, SESSION = "2026-07-28", "2025-11-25"
TOOLS = [{"name": "get_context_databases", "inputSchema": {"type": "object"}},
         {"name": "get_credential", "inputSchema": {"type": "object", "required": ["id"], "properties": {
             "id": {"type": "string", "x-mcp-header": "Credential"}}}}]


class Server:
    def __init__(self, generation, answer_file):
        self.stateless, self.answer_file, self.session = generation == "stateless", answer_file, None

    def error(self, message, code, data=None):
        return {"jsonrpc": "2.0", "id": message.get("id"), "error": {"code": code, "message": "no", "data": data or {}}}

    def result(self, message, value):
        if self.stateless:
            value = {"resultType": "complete", **value}
        return {"jsonrpc": "2.0", "id": message["id"], "result": value}

    def call(self, message):
        arguments = message["params"]["arguments"]
        if message["params"]["name"] == "get_context_databases":
            return self.result(message, {"content": [], "structuredContent": {"databases": ["flowmaster", "flowmaster_core"]}})
        if message["params"]["name"] != "get_credential" or arguments.get("id") != "arango":
            return self.error(message, -32602)
        with open(self.answer_file, encoding="utf-8") as file:
            answer = json.load(file)
        if answer.get("refuse"):
            return self.result(message, {"isError": True, "content": [{"type": "text", "text": json.dumps(answer)}]})
        if answer.pop("as_text", False):
            return self.result(message, {"content": [{"type": "text", "text": json.dumps(answer)}]})
        return self.result(message, {"content": [], "structuredContent": answer})

    def answer(self, message):
        method = message.get("method")
        if self.stateless:
            meta = message.get("params", {}).get("_meta", {})
            if meta.get("io.modelcontextprotocol/protocolVersion") != STATELESS:
                return self.error(message, -32022, {"supported": [STATELESS], "requested": "?"})
            if "io.modelcontextprotocol/clientCapabilities" not in meta:
                return self.error(message, -32021)
        elif method != "initialize" and not self.session:
            return self.error(message, -32602)
        if method == "server/discover" and self.stateless:
            return self.result(message, {"supportedVersions": [STATELESS], "capabilities": {"tools": {}}})
        if method == "initialize" and not self.stateless:
            self.session = "session-1"
            return self.result(message, {"protocolVersion": SESSION, "capabilities": {"tools": {}},
                                         "serverInfo": {"name": "fake", "version": "1"}})
        if method == "tools/list":
            # Two pages, so that the second one is asked for.
            if not message.get("params", {}).get("cursor"):
                return self.result(message, {"tools": TOOLS[:1], "nextCursor": "2"})
            return self.result(message, {"tools": TOOLS[1:]})
        if method == "tools/call":
            return self.call(message)
        return self.error(message, -32601)


def serve_stdio(server):
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        # Between request and answer come a notification and a request of its own.
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "hello"}}))
        if not server.stateless:
            print(json.dumps({"jsonrpc": "2.0", "id": "s-1", "method": "ping"}))
            sys.stdout.flush()
        print(json.dumps(server.answer(message)), flush=True)
        if not server.stateless and json.loads(sys.stdin.readline()) != {"jsonrpc": "2.0", "id": "s-1", "result": {}}:
            sys.exit(1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_DELETE(self):
        self.reply(405)

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization") != "Bearer " + os.environ["FAKE_MCP_TOKEN"]:
            return self.reply(401)
        server = self.server.fake
        if server.stateless:
            name = message["params"].get("name")
            right = (self.headers.get("MCP-Protocol-Version") == STATELESS and self.headers.get("Mcp-Method") == message["method"]
                     and self.headers.get("Mcp-Name") == name
                     and self.headers.get("Mcp-Param-Credential") == message["params"].get("arguments", {}).get("id"))
            if not right:
                return self.send(400, server.error(message, -32020))
        elif message["method"] == "initialize":
            return self.send(200, server.answer(message), [("Mcp-Session-Id", "session-1")])
        elif self.headers.get("Mcp-Session-Id") != "session-1":
            return self.reply(400, b"no session")
        if "id" not in message:
            return self.reply(202)
        return self.send(200, server.answer(message))

    def send(self, status, answer, headers=()):
        body, kind = json.dumps(answer).encode(), "application/json"
        if status == 200 and os.environ.get("FAKE_MCP_EVENTS"):
            note = json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}).encode()
            body, kind = b": hello\r\n\r\nevent: message\r\ndata: " + note + b"\r\n\r\ndata: " + body + b"\n\n", "text/event-stream"
        self.reply(status, body, [("Content-Type", kind), *headers])


def main():
    server = Server(sys.argv[2], sys.argv[3])
    if sys.argv[1] == "stdio":
        return serve_stdio(server)
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.fake = server
    print(listener.server_address[1], flush=True)
    return listener.serve_forever()


main()
