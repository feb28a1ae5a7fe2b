"""Pages opened in headless Chromium, and what becomes of them there."""

from __future__ import annotations

import html
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from programs import needs_program

# Looks into the page from a frame of the wanted width: a window of Chromium's has a least one.
_LOOK = """<!doctype html><link rel="icon" href="data:,"><body><pre id="found"></pre><script>
const found = [];
const look = (width, scripts) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.width = width;
  frame.height = 800;
  frame.setAttribute("sandbox", scripts ? "allow-same-origin allow-scripts" : "allow-same-origin");
  frame.onload = () => {
    const inside = frame.contentDocument, images = [...inside.images], inner = frame.contentWindow.innerWidth;
    inside.querySelectorAll("details").forEach((one) => { one.open = true; });
    const seen = (one) => one.getBoundingClientRect().right <= inner && one.scrollWidth <= one.clientWidth;
    const cells = [...inside.querySelectorAll(".wide td")].map((cell) => [
      cell.closest(".wide").getAttribute("aria-label"),
      cell.closest("table").tHead.rows[0].cells[cell.cellIndex].textContent,
      seen(cell),
    ]);
    found.push({
      width, scripts,
      inner,
      scroll: inside.scrollingElement.scrollWidth,
      fetched: performance.getEntriesByType.call(frame.contentWindow.performance, "resource").map((one) => one.name),
      unseen: images.filter((image) => !image.naturalWidth).length,
      images: images.length,
      sliders: inside.querySelectorAll("input[type=range]").length,
      cells,
      captions: [...inside.querySelectorAll("figcaption")].map(seen),
      boxes: [...inside.querySelectorAll(".wide")].filter((box) => box.scrollWidth > box.clientWidth).length,
      lang: inside.documentElement.lang,
      text: inside.body.innerText,
    });
    done();
  };
  frame.src = "/page.html";
  document.body.append(frame);
});
(async () => {
  for (const width of [390, 1280]) for (const scripts of [true, false]) await look(width, scripts);
  document.getElementById("found").textContent = JSON.stringify(found);
})();
</script>"""


def look(page: str, scratch: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """What Chromium makes of a page on a phone and on a desktop, with JavaScript and without, and what it asked for."""
    chromium = needs_program("chromium")
    with _served({"/": _LOOK, "/page.html": page}) as (address, asked):
        command = [
            chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--disable-background-networking", f"--user-data-dir={scratch}", "--virtual-time-budget=20000",
            "--dump-dom", address,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="found">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(html.unescape(found[1])), asked


@contextmanager
def _served(pages: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The address of a server that has `pages`, and a list of all that it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()
