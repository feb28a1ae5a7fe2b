"""The page of the demo, drawn from what its commands report."""

from __future__ import annotations

import re

from pocketlens.examples.page import check_table, plan_note, quality_table, speed_table


def cells(markup: str) -> list[str]:
    return re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", markup)


def test_bicubic_teacher_and_student_are_told_side_by_side():
    scores = {f"{metric}_{p}": value for metric, value in (("psnr_y", 30.126), ("ssim_y", 0.9)) for p in PRECISIONS}
    reports = {
        "student": {"baseline": {"psnr_y": 28.0, "ssim_y": 0.85}},
        "teacher": {"mean": {"psnr_y": None, "ssim_y": 1.0}},
        "bundle": {"quality": {"held-out": scores}, "parameters": 13620, "macs_per_pixel": 13520.0},
    }
    told = cells(quality_table(reports))
    assert told[5:8] == ["bicubic", "28.00 dB", "0.8500"]
    assert told[10:13] == ["teacher, RRDB", "equal", "1.0000"]
    assert told[-5:] == ["student, SESR, int8", "30.13 dB", "0.9000", "13,620", "13,520"]


PRECISIONS = ("fp32", "fp16", "int8")


def test_speed_is_told_with_its_reference():
    row = {
        "engine": "openvino",
        "precision": "int8",
        "p50_ms": 7.25,
        "p95_ms": 8.0,
        "fps": 138.0,
        "ratio": 2.5,
        "size": "9x9",
    }
    told = speed_table({"rows": [row], "reference": "onnxruntime fp32", "noise": 0.01})
    assert cells(told)[-5:] == ["openvino int8", "7.2 ms", "8.0 ms", "138", "2.50"]
    assert "times as fast as onnxruntime fp32, noise 1%; 9x9 pixels in." in told


def test_graphs_are_told_with_their_verdicts():
    row = {"file": "graphs/a.onnx", "target": "cpu", "max_error": 1, "psnr": None, "verdict": "pass"}
    assert cells(check_table({"graphs": [row]}))[-5:] == ["a.onnx", "cpu", "1", "equal", "pass"]


def test_a_plan_is_told_and_so_is_that_there_is_none():
    plan = {"bytes": 1234567, "compute_capabilities": ["75", "86"], "flavour": "rtx", "version": "1.2"}
    assert "1,234,567 bytes for compute capabilities 75, 86 was built by rtx 1.2" in plan_note(plan)
    assert "<code>pip install &#x27;pocketlens[trt-rtx]&#x27;</code>" in plan_note(None)
