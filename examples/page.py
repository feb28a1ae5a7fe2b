"""The page that `pocketlens demo` writes: one HTML file with its pictures inside, readable without JavaScript."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..core import picture
from ..core.files import write_text
from ..core.resize import resize

_CROP = 120
"""Side of a detail in LR pixels."""


def write_page(out: Path, commands: list[str]) -> Path:
    """Gather the reports and pictures of a finished demo in `out` into `out/index.html`."""
    reports = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (out / "reports").glob("*.json")}
    sections = [
        ("Quality on photographs it never saw", quality_table(reports)),
        ("Training", _image(out / "student" / "curves.png", "loss and PSNR over the steps")),
        ("Before and after", "".join(details(out))),
        ("A clip, decoded, upscaled and encoded", clip_frame(out)),
        ("Speed on this machine", speed_table(reports["bench"])),
        ("What is in the bundle, held against the reference", check_table(reports["check"])),
        ("TensorRT", plan_note(reports.get("plan"))),
        ("Calibration pictures", _image(out / "calibration.png", "the calibration set")),
        ("The commands", f"<pre>{html.escape(chr(10).join(commands))}</pre>"),
    ]
    body = "".join(f"<section><h2>{title}</h2>{content}</section>" for title, content in sections)
    write_text(out / "index.html", _PAGE.replace("BODY", body))
    return out / "index.html"


def quality_table(reports: dict[str, Any]) -> str:
    """Bicubic, teacher and student in each precision: PSNR-Y, SSIM-Y and size."""
    student, sealed = reports["student"], reports["bundle"]
    scores = sealed["quality"]["held-out"]
    rows = [["bicubic", _decibel(student["baseline"]["psnr_y"]), f"{student['baseline']['ssim_y']:.4f}", "", ""]]
    teacher = reports["teacher"]["mean"]
    rows.append(["teacher, RRDB", _decibel(teacher["psnr_y"]), f"{teacher['ssim_y']:.4f}", "", ""])
    for precision in ("fp32", "fp16", "int8"):
        psnr, ssim = scores[f"psnr_y_{precision}"], scores[f"ssim_y_{precision}"]
        parameters, macs = f"{sealed['parameters']:,}", f"{sealed['macs_per_pixel']:,.0f}"
        rows.append([f"student, SESR, {precision}", _decibel(psnr), f"{ssim:.4f}", parameters, macs])
    return _table(["", "PSNR-Y", "SSIM-Y", "parameters", "multiply-adds a pixel"], rows)


def speed_table(bench: dict[str, Any]) -> str:
    """Latency of every engine and precision, as ratios to the reference of the same run."""
    rows = [
        [f"{row['engine']} {row['precision']}", f"{row['p50_ms']:.1f} ms", f"{row['p95_ms']:.1f} ms",
         f"{row['fps']:.0f}", f"{row['ratio']:.2f}"]
        for row in bench["rows"]
    ]  # fmt: skip
    size = bench["rows"][0]["size"]
    note = f"<p>Ratio: times as fast as {bench['reference']}, noise {bench['noise']:.0%}; {size} pixels in.</p>"
    return _table(["", "median", "95 %", "frames/s", "ratio"], rows) + note


def check_table(check: dict[str, Any]) -> str:
    """Every graph of the bundle: worst error, PSNR and verdict."""
    rows = [
        [
            row["file"].removeprefix("graphs/"),
            row["target"],
            str(row["max_error"]),
            _decibel(row["psnr"]),
            row["verdict"],
        ]
        for row in check["graphs"]
    ]
    return _table(["graph", "for", "worst error, grey levels", "PSNR", "verdict"], rows)


def plan_note(plan: dict[str, Any] | None) -> str:
    """What was built, and that it was not run."""
    if plan is None:
        return (
            "<p>No TensorRT on this machine, so no plan was built: <code>pip install 'pocketlens[trt-rtx]'</code>.</p>"
        )
    targets = ", ".join(plan["compute_capabilities"])
    return (
        f"<p>A plan of {plan['bytes']:,} bytes for compute capabilities {targets} was built by "
        f"{plan['flavour']} {plan['version']}. Building needs no GPU; running it does, so it was not run.</p>"
    )


def details(out: Path) -> list[str]:
    """For each held-out photograph its busiest detail: bicubic, the int8 student, the truth."""
    figures = []
    for path in picture.find(out / "pictures" / "held-out"):
        truth, small = picture.read(path), picture.read(out / "pictures" / "small" / path.name)
        made = picture.read(out / "pictures" / "upscaled" / path.name)
        truth = truth[: made.shape[0], : made.shape[1]]
        square = picture.busiest_square(truth, 2 * _CROP)
        views = {"bicubic": resize(small, *made.shape[:2]), "pocketlens": made, "truth": truth}
        figures.append(_row({label: view[square] for label, view in views.items()}))
    return figures


def clip_frame(out: Path) -> str:
    """A detail of a frame of the clip: enlarged by bicubic and by the student."""
    from ..calib_data.sources import sample_clip

    before, after = (_middle_frame(path) for path in (sample_clip(), out / "clip-2x.mp4"))
    square = picture.busiest_square(after, 2 * _CROP)
    return _row({"bicubic": resize(before, *after.shape[:2])[square], "pocketlens": after[square]})


def _middle_frame(path: Path) -> np.ndarray:
    video = cv2.VideoCapture(str(path))
    video.set(cv2.CAP_PROP_POS_FRAMES, 120)
    return video.read()[1]


def _row(views: dict[str, np.ndarray]) -> str:
    figures = "".join(
        f"<figure>{_inline(picture.encode(np.ascontiguousarray(view)), label)}<figcaption>{label}</figcaption></figure>"
        for label, view in views.items()
    )
    return f'<div class="views">{figures}</div>'


def _image(path: Path, what: str) -> str:
    return _inline(path.read_bytes(), what)


def _inline(png: bytes, what: str) -> str:
    return f'<img alt="{html.escape(what)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _table(head: list[str], rows: list[list[str]]) -> str:
    cells = ["<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    return f'<div class="wide"><table><tr>{top}</tr>{"".join(cells)}</table></div>'


def _decibel(value: float | None) -> str:
    return "equal" if value is None else f"{value:.2f} dB"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>pocketlens demo</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
h1 { margin-bottom: 0 } h2 { margin-top: 2.5rem; font-size: 1.2rem } img { max-width: 100% }
table { border-collapse: collapse }
td, th { padding: .3rem .9rem .3rem 0; text-align: left; border-bottom: 1px solid #ddd }
td:not(:first-child) { font-variant-numeric: tabular-nums } .wide, pre { overflow-x: auto }
.views { display: flex; gap: .5rem; margin-bottom: 1rem } figure { margin: 0; flex: 1; min-width: 0 }
figure img { width: 100%; image-rendering: pixelated } figcaption { color: #57606a; font-size: .85rem }
pre { background: #f4f5f7; padding: 1rem; font-size: .8rem }
</style>
<h1>pocketlens</h1><p>A teacher, distilled into a student of a hundredth of its size, quantized, sealed and run.</p>
BODY
</html>
"""
