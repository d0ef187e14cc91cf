"""Passing an HTTP request on to another server and its answer back, as it streams.

Used by the load balancer's listeners and by the door before the registry, so layers of any size go through with a
bounded buffer.
"""

import http.client

_PIECE_BYTES = 64 * 1024
# Headers that belong to one connection, not to the message (RFC 9110 section 7.6.1).
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}


class ClientGone(Exception):
    """The client's side of the connection broke; nothing can be answered."""


def forward(handler, upstream, replace_headers=None, on_response=None):
    """Send `handler`'s request over `upstream` (an HTTPConnection) and its answer to the client.

    `replace_headers` maps lower-case names to values set instead of the client's (None removes).  `on_response` is
    called with the answer before it is passed on.  OSError or HTTPException mean the upstream failed before it
    answered, so the caller can still answer itself; after that the connection is just closed.
    """
    replace_headers = replace_headers or {}
    chunked = "chunked" in handler.headers.get("Transfer-Encoding", "").lower()
    upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
    for name, value in handler.headers.items():
        if name.lower() not in _HOP_BY_HOP and name.lower() not in replace_headers:
            upstream.putheader(name, value)
    for name, value in replace_headers.items():
        if value is not None:
            upstream.putheader(name, value)
    if chunked:
        upstream.putheader("Transfer-Encoding", "chunked")
    upstream.putheader("Connection", "close")
    upstream.endheaders()
    try:
        for piece in _request_pieces(handler, chunked):
            upstream.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            upstream.send(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        handler.close_connection = True  # it answered before it had read all; the answer is still there
    response = upstream.getresponse()
    if on_response:
        on_response(response)
    _pass_back(handler, response)


def _request_pieces(handler, chunked):
    if chunked:
        yield from _chunks(handler.rfile)
        return
    left = int(handler.headers.get("Content-Length") or 0)
    while left > 0:
        piece = handler.rfile.read(min(left, _PIECE_BYTES))
        if not piece:
            raise ClientGone("the client's body ended early")
        left -= len(piece)
        yield piece


def _chunks(stream):
    while True:
        text = stream.readline(100).partition(b";")[0].strip()
        try:
            left = int(text, 16)
        except ValueError:
            raise ClientGone("the client's chunks are broken") from None
        if left == 0:
            while stream.readline(8192).strip():
                pass
            return
        while left > 0:
            piece = stream.read(min(left, _PIECE_BYTES))
            if not piece:
                raise ClientGone("the client's body ended early")
            left -= len(piece)
            yield piece
        stream.readline(8)


def _pass_back(handler, response):
    without_body = handler.command == "HEAD" or response.status in (204, 304) or response.status < 200
    length = response.getheader("Content-Length")
    chunk = length is None and not without_body and handler.request_version == "HTTP/1.1"
    head = [f"HTTP/1.1 {response.status} {response.reason}".rstrip()]
    head += [f"{name}: {value}" for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
    if chunk:
        head.append("Transfer-Encoding: chunked")
    elif length is None and not without_body:
        handler.close_connection = True
    if handler.close_connection:
        head.append("Connection: close")
    out = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
    try:
        # The head travels with the first piece: some clients mishandle two small segments.
        while not without_body:
            piece = response.read1(_PIECE_BYTES)
            if not piece:
                break
            _write(handler, out + (b"%x\r\n%s\r\n" % (len(piece), piece) if chunk else piece))
            out = b""
    except (OSError, http.client.HTTPException):
        handler.close_connection = True
        raise ClientGone("the upstream broke off in the middle of its answer") from None
    _write(handler, out + (b"0\r\n\r\n" if chunk else b""))


def _write(handler, data):
    try:
        handler.wfile.write(data)
        handler.wfile.flush()
    except OSError as error:
        handler.close_connection = True
        raise ClientGone(str(error)) from None
