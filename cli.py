"""The `pocketlens` command: each subcommand lives beside the code it calls."""

from __future__ import annotations

from .core.commands import LazyGroup, run_group

GROUP = LazyGroup(
    "pocketlens",
    "Big video-enhancement models made small, checked and run live. Example: pocketlens run sesr-x2 in.mp4 -o out.mp4",
    {
        "distill": ("Train and distil: run, eval, list.", "distill.cli:GROUP"),
        "export": ("Write deployable files: onnx, trt, bundle; check them.", "export.cli:GROUP"),
        "quantize": ("Say what int8 in each layer costs.", "export.explain:quantize"),
        "run": ("Enhance a picture, a folder, a video or a camera.", "runtime.run:run"),
        "models": ("List the shipped models.", "runtime.cli:models"),
        "bench": ("Measure latency per engine and precision.", "runtime.cli:bench"),
        "verify": ("Measure a model again and hold it to its limits.", "runtime.contract.cli:verify_model"),
        "report": ("Write a page about models: limits, scores, pictures, speed.", "runtime.report.cli:report"),
        "doctor": ("Say what this machine can run, and what in a graph will hurt.", "doctor:doctor"),
        "capi": ("Build the library for C and C++.", "runtime.capi.cli:GROUP"),
        "calib": ("Make and show calibration sets.", "calib_data.cli:GROUP"),
        "demo": ("Run the whole chain on small real input.", "examples.demo:demo"),
    },
)


def main() -> None:
    """Entry point of `pocketlens` and `python -m pocketlens`."""
    run_group(GROUP)
