"""The door by which a suite in another process tells a fake upstream to fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import orjson

from modelbay.sdk.testing import FakeUpstream
from modelbay.sdk.testing.faults import named


@contextmanager
def control(upstreams: Mapping[str, FakeUpstream]) -> Iterator[str]:
    """Serve `POST /<upstream>`; give the address.

    What is posted replaces what was told before: `{"fault", "times"}`, `{"tool", "arguments"}` or `{}`.
    """

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            order = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
            upstream = upstreams[self.path.removeprefix("/")]
            upstream.forget_script()
            if "fault" in order:
                upstream.will_fail(named(order["fault"]), times=order["times"])
            if "tool" in order:
                upstream.will_stream(tool_calls=[{"name": order["tool"], "arguments": order["arguments"]}])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
