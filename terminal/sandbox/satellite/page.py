"""The page by which staff lets devices in. Everything on it that a device said is escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence

from terminal.httpd import Response
from terminal.sandbox.satellite.rules import iso
from terminal.sandbox.satellite.store import DeviceRequest

PATH = "/satellite/devices"
REFRESH_S = 15

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # "no-referrer" would take the Origin off the form, too
}
_STYLE = (
    "body{font:16px sans-serif;margin:2em;max-width:60em}table{border-collapse:collapse}"
    "td,th{border:1px solid #999;padding:.4em .8em;text-align:left}svg{width:14em}"
    "section{display:inline-block;margin-right:2em}"
)


def page(addresses: Sequence[str], requests: Sequence[DeviceRequest], open_s: int) -> Response:
    """Return the page.

    Args:
        addresses: Where a device asks to be let in, for each generation.
        requests: Who asked.
        open_s: For how long this look at the page keeps devices welcome, in seconds.
    """
    ways = "".join(f"<section>{_qr(each)}<p><code>{html.escape(each)}</code></section>" for each in addresses)
    rows = "".join(map(_row, requests)) or '<tr><td colspan="5">No device has asked yet.'
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="{REFRESH_S}">'
        f"<title>Device discovery</title><style>{_STYLE}</style><h1>Device discovery</h1>"
        f"<p>For {open_s} s from each load of this page on, devices may ask here to be let in:</p>{ways}"
        f"<table><tr><th>Code<th>Type<th>Device<th>Asked<th>State{rows}</table></html>"
    )
    return Response(200, text.encode(), _HEADERS)


def _row(request: DeviceRequest) -> str:
    cells = (request.code, request.wanted or "", request.agent, iso(request.updated_ms))
    state = (
        f'<form method="post" action="{PATH}/add"><button name="id" value="{request.id}">Add</button></form>'
        if request.cleared_ms is None
        else f"added {iso(request.cleared_ms)}"
    )
    return "<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in cells) + f"<td>{state}"


def _qr(text: str) -> str:
    """Return *text* as a QR code in SVG; nothing where the library for it is not installed."""
    try:
        import qrcode  # noqa: PLC0415 - comes with the printer's libraries; only this page wants it
    except ImportError:
        return ""
    code = qrcode.QRCode()
    code.add_data(text)
    dark = code.get_matrix()
    path = "".join(
        f"M{x},{y}h1v1h-1z" for y, row in enumerate(dark) for x, is_dark in enumerate(row) if is_dark
    )
    size = len(dark)
    return f'<svg viewBox="0 0 {size} {size}" shape-rendering="crispEdges"><path d="{path}"/></svg>'
