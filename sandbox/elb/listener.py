"""A listener: a real HTTP socket on 127.0.0.1 that passes each request to a healthy target."""

import http.client
import http.server
import logging
import socket
import threading
import time

from sandbox.elb.routes import Routes
from sandbox.forward import ClientGone, forward

log = logging.getLogger("sandbox")
_IDLE_SECONDS = 60


class SimulatedListener:
    """A listener in scripted mode: nobody is there to visit."""

    def __init__(self, state, arn, balancer_arn, port, protocol, actions):
        self.state = state
        self.arn = arn
        self.balancer_arn = balancer_arn
        self.port = port
        self.protocol = protocol
        self.routes = Routes(arn, actions)

    def stop(self):
        """Nothing was opened."""


class Listener(http.server.ThreadingHTTPServer):
    """Serves from its making until `stop`.  Raises OSError where the port is taken."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, state, arn, balancer_arn, port, protocol, actions):
        routes = Routes(arn, actions)
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state
        self.arn = arn
        self.balancer_arn = balancer_arn
        self.port = port
        self.protocol = protocol
        self.routes = routes
        threading.Thread(target=self.serve_forever, name=f"listener {port}", daemon=True).start()

    def get_request(self):
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, request, client_address):
        log.debug("a visitor went away", exc_info=True)

    def stop(self):
        self.shutdown()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS

    def _serve(self):
        listener = self.server
        rule = listener.routes.choose(self.command, self.path, self.headers)
        if rule.fixed_response:
            fixed = rule.fixed_response
            return self._answer(int(fixed["StatusCode"]), fixed.get("MessageBody", ""), fixed.get("ContentType", "text/plain"))
        target = listener.state.pick(rule.next_group())
        if target is None:
            return self._answer(503, _page("503 Service Temporarily Unavailable"))
        try:
            self._pass_on(listener, target)
        finally:
            listener.state.done(target)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _pass_on(self, listener, target):
        upstream = http.client.HTTPConnection(target.address, target.port, timeout=_IDLE_SECONDS)
        before = self.headers.get("X-Forwarded-For")
        headers = {
            "x-forwarded-for": f"{before}, {self.client_address[0]}" if before else self.client_address[0],
            "x-forwarded-proto": "http",
            "x-forwarded-port": str(listener.port),
        }
        try:
            forward(self, upstream, headers)
        except ClientGone:
            self.close_connection = True
        except TimeoutError:
            self._answer(504, _page("504 Gateway Time-out"))
        except (OSError, http.client.HTTPException):
            self._answer(502, _page("502 Bad Gateway"))
        finally:
            upstream.close()

    def _answer(self, status, text, content_type="text/html"):
        self.close_connection = True  # the request's body may be unread
        body = text.encode()
        head = (
            f"HTTP/1.1 {status} {http.client.responses.get(status, '')}\r\nServer: awselb/2.0\r\n"
            f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.wfile.write(head.encode() + (b"" if self.command == "HEAD" else body))

    def log_message(self, format, *args):
        pass


def _page(title):
    return f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
