"""The page that `pocketlens demo` writes: one HTML file with its pictures inside, readable without JavaScript."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..core import picture
from ..core.files import write_text
from ..core.html import Html, comparable, document, element, figures, image, join, table
from ..core.resize import resize

_CROP = 120
"""Side of a detail in LR pixels."""


def write_page(out: Path, commands: list[str]) -> Path:
    """Gather the reports and pictures of a finished demo in `out` into `out/index.html`."""
    reports = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (out / "reports").glob("*.json")}
    sections = {
        "Quality on photographs it never saw": quality_table(reports),
        "Training": image((out / "student" / "curves.png").read_bytes(), "loss and PSNR over the steps"),
        "Before and after": join(*details(out)),
        "A clip, decoded, upscaled and encoded": clip_frame(out),
        "Speed on this machine": speed_table(reports["bench"]),
        "What is in the bundle, held against the reference": check_table(reports["check"]),
        "TensorRT": plan_note(reports.get("plan")),
        "Calibration pictures": image((out / "calibration.png").read_bytes(), "the calibration set"),
        "The commands": element("pre", "\n".join(commands)),
    }
    told = "A teacher, distilled into a student of a hundredth of its size, quantized, sealed and run."
    body = [element("section", element("h2", title), content) for title, content in sections.items()]
    page = document("pocketlens demo", element("h1", "pocketlens"), element("p", told), *body)
    write_text(out / "index.html", page)
    return out / "index.html"


def quality_table(reports: dict[str, Any]) -> Html:
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
    return table("Mean over the pictures", ["", "PSNR-Y", "SSIM-Y", "parameters", "multiply-adds a pixel"], rows)


def speed_table(bench: dict[str, Any]) -> Html:
    """Latency of every engine and precision, as ratios to the reference of the same run."""
    rows = [
        [f"{row['engine']} {row['precision']}", f"{row['p50_ms']:.1f} ms", f"{row['p95_ms']:.1f} ms",
         f"{row['fps']:.0f}", f"{row['ratio']:.2f}"]
        for row in bench["rows"]
    ]  # fmt: skip
    size = bench["rows"][0]["size"]
    note = f"Ratio: times as fast as {bench['reference']}, noise {bench['noise']:.0%}; {size} pixels in."
    return join(table("Latency", ["", "median", "95 %", "frames/s", "ratio"], rows), element("p", note))


def check_table(check: dict[str, Any]) -> Html:
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
    return table("Graphs", ["graph", "for", "worst error, grey levels", "PSNR", "verdict"], rows)


def plan_note(plan: dict[str, Any] | None) -> Html:
    """What was built, and that it was not run."""
    if plan is None:
        mend = element("code", "pip install 'pocketlens[trt-rtx]'")
        return element("p", "No TensorRT on this machine, so no plan was built: ", mend, ".")
    targets = ", ".join(plan["compute_capabilities"])
    return element(
        "p",
        f"A plan of {plan['bytes']:,} bytes for compute capabilities {targets} was built by "
        f"{plan['flavour']} {plan['version']}. Building needs no GPU; running it does, so it was not run.",
    )


def details(out: Path) -> list[Html]:
    """For each held-out photograph its busiest detail: bicubic, the int8 student, the truth."""
    shown = []
    for path in picture.find(out / "pictures" / "held-out"):
        truth, small = picture.read(path), picture.read(out / "pictures" / "small" / path.name)
        made = picture.read(out / "pictures" / "upscaled" / path.name)
        truth = truth[: made.shape[0], : made.shape[1]]
        square = picture.busiest_square(truth, 2 * _CROP)
        views = {"bicubic": resize(small, *made.shape[:2]), "pocketlens": made, "truth": truth}
        shown.append(comparable(figures({label: view[square] for label, view in views.items()}, path.stem)))
    return shown


def clip_frame(out: Path) -> Html:
    """A detail of a frame of the clip: enlarged by bicubic and by the student."""
    from ..calib_data.sources import sample_clip

    before, after = (_middle_frame(path) for path in (sample_clip(), out / "clip-2x.mp4"))
    square = picture.busiest_square(after, 2 * _CROP)
    views = {"bicubic": resize(before, *after.shape[:2])[square], "pocketlens": after[square]}
    return comparable(figures(views, "a frame of the clip"))


def _middle_frame(path: Path) -> np.ndarray:
    video = cv2.VideoCapture(str(path))
    video.set(cv2.CAP_PROP_POS_FRAMES, 120)
    return video.read()[1]


def _decibel(value: float | None) -> str:
    return "equal" if value is None else f"{value:.2f} dB"
