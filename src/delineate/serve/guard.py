"""Who may ask, from where, for how much: before anything else looks at a request."""

from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .failures import body
from .settings import Settings

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_OPEN = "/api/health"
_LARGE = "the request is larger than this server takes; see limits in /api/about"


class Guard:
    """Checks host, origin, token and size of each request, and adds headers to each reply.

    Args:
        app: What answers.
        settings: Of the server.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._hosts = {
            name for host in settings.hosts for name in (host, f"{host}:{settings.port}")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI says."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = self._refusal(scope)
        if answer is None:
            if scope["type"] == "http":
                receive = self._counted(scope, receive)
            await self._app(scope, receive, _with_headers(scope, send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4000 + answer.status_code})
        else:
            await answer(scope, receive, _with_headers(scope, send))

    def _refusal(self, scope: Scope) -> Response | None:
        """What to answer instead; None to go on, with the user in the scope."""
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in self._hosts:
            return _error(403, "Forbidden", "this server is not known by that name; use its own")
        origin = headers.get("origin")
        if origin is not None and not self._own(origin, headers):
            return _error(403, "Forbidden", "the request comes from another page than the server's")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = (query.get("token") or [""])[0]
        user = self._settings.user(self._token(headers, given))
        scope.setdefault("state", {})["user"] = user
        if given and user and scope["type"] == "http" and not scope["path"].startswith("/api"):
            return self._welcome(scope, query, given)
        if user is None and scope["path"].startswith("/api") and scope["path"] != _OPEN:
            return _error(
                401, "Unauthorised", "a token is needed: open the address that the server printed"
            )
        if scope["type"] == "websocket" and origin is None and "cookie" in headers:
            return _error(403, "Forbidden", "a WebSocket with a cookie must say its origin")
        return None

    def _own(self, origin: str, headers: Headers) -> bool:
        parts = urlsplit(origin)
        host = headers.get("host", "").lower()
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host

    def _token(self, headers: Headers, given: str) -> str:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return token.strip()
        if given:
            return given
        try:
            cookies: Any = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return ""
        held = cookies.get(self._settings.cookie)
        return held.value if held else ""

    def _welcome(self, scope: Scope, query: dict[str, list[str]], token: str) -> Response:
        """The same address without the token, which goes into a cookie."""
        rest = urlencode({name: v for name, v in query.items() if name != "token"}, doseq=True)
        path = "/" + quote(scope["path"].lstrip("/"))
        reply = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
        reply.set_cookie(
            self._settings.cookie, token, httponly=True, samesite="strict", max_age=365 * 86400
        )
        return reply

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """The request's body, up to its limit."""
        limits = self._settings.limits
        upload = scope["path"].startswith("/api/uploads/")
        left = limits.upload_bytes if upload else limits.body_bytes

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, _LARGE)
            return message

        return counted


def _error(status: int, kind: str, message: str) -> Response:
    return JSONResponse(body(kind, message), status)


def _with_headers(scope: Scope, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if scope["path"].startswith("/api"):
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
