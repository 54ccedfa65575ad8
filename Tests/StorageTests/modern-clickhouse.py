"""A ClickHouse of today behind the HTTP interface of a server, as far as the tests of the storage speak it.

    modern-clickhouse.py PORT DIRECTORY

chdb (PyPI) is ClickHouse as a library; Debian's server is of 2018. One request at a time, each on a connection of its
own: a client that keeps one open would keep every other waiting. The user is not checked.
"""

import http.server
import os
import sys
import tempfile
import urllib.parse

from chdb import session

os.makedirs(sys.argv[2], exist_ok=True)
SESSION = session.Session(sys.argv[2])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer goes out in one piece, or the other side waits for its second half.
    wbufsize = 1 << 16

    def do_POST(self):
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if "database" in parameters:
                SESSION.query("USE " + parameters["database"])
            if "query" in parameters:
                answer = self.insert(parameters["query"], body)
            else:
                answer = SESSION.query(body.decode(), "TabSeparated").bytes()
            self.reply(200, answer or b"")
        except Exception as error:
            self.reply(400, str(error).encode())

    @staticmethod
    def insert(statement, rows):
        head, form = statement.rsplit(" FORMAT ", 1)
        with tempfile.NamedTemporaryFile(dir=sys.argv[2]) as file:
            file.write(rows)
            file.flush()
            return SESSION.query(f"{head} FROM INFILE '{file.name}' FORMAT {form}", "TabSeparated").bytes()

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        # Ends the connection here, too.
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
