"""HTTP as the Bot API speaks it: parameters in four shapes, answers in one."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from emulator.call import ApiError, Upload, bad, parse_json
from emulator.updates import Json

_DISPOSITION = re.compile(r'(?:^|;)\s*(name|filename\*?)=(?:"([^"]*)"|([^;\s]+))', re.IGNORECASE)


async def read(request: web.Request) -> tuple[Json, dict[str, Upload]]:
    """Return the parameters of a request, however they came, and the uploaded files.

    Raises:
        ApiError: the request is too big, or not in UTF-8.
    """
    params: Json = dict(request.query) if request.query_string else {}
    uploads: dict[str, Upload] = {}
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise ApiError(413, "Request Entity Too Large") from None
    if not body:
        return params, uploads
    kind, _, rest = request.headers.get("Content-Type", "").partition(";")
    try:
        if kind == "multipart/form-data":
            # Written out here because clients send every call so, and this is on every path;
            # aiohttp's reader, made for streams, takes most of a call's time.
            boundary = rest.partition("boundary=")[2].partition(";")[0].strip().strip('"')
            _multipart(body, boundary.encode(), params, uploads)
        elif kind == "application/json":
            _json(body, params)
        else:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
            params.update(pairs)
    except UnicodeDecodeError:
        raise bad("strings must be encoded in UTF-8") from None
    return params, uploads


def _json(body: bytes, params: Json) -> None:
    try:
        given = parse_json(body.decode())
    except ValueError as problem:
        if isinstance(problem, UnicodeDecodeError):
            raise
        raise bad("can't parse request JSON object") from None
    if not isinstance(given, dict):
        raise bad("object expected as request parameters")
    params.update(given)


def _multipart(body: bytes, boundary: bytes, params: Json, uploads: dict[str, Upload]) -> None:
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        names: dict[str, str] = {}
        kind = "application/octet-stream"
        for line in head.decode().split("\r\n"):
            header, _, value = line.partition(":")
            if header.lower() == "content-disposition":
                for name, quoted, plain in _DISPOSITION.findall(value):
                    names[name.lower()] = quoted or plain
            elif header.lower() == "content-type":
                kind = value.strip()
        if "name" not in names:
            continue
        if "filename*" in names:
            names["filename"] = unquote(names["filename*"].partition("''")[2])
        if "filename" in names:
            uploads[names["name"]] = (names["filename"], kind, content)
        else:
            params[names["name"]] = content.decode()


def success(result: str) -> web.Response:
    """Return the answer to a call that was done; the result is JSON already."""
    return web.Response(
        body=f'{{"ok":true,"result":{result}}}'.encode(errors="surrogatepass"),
        content_type="application/json",
    )


def failure(error: ApiError) -> web.Response:
    """Return the answer to a call that was refused."""
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    headers = {}
    if error.parameters:
        body["parameters"] = error.parameters
        if "retry_after" in error.parameters:
            headers["Retry-After"] = str(error.parameters["retry_after"])
    return web.json_response(body, status=error.code, headers=headers)


def cut(request: web.Request) -> web.Response:
    """Cut the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def written(result: Any) -> str:
    """Return a result as JSON."""
    return json.dumps(result, ensure_ascii=False)
