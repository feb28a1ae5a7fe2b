"""`docs/models.md` from the figures in `benchmarks/results/models.json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import goals
from smallest import BAR, STEPS

Facts = dict[str, Any]

_HEAD = """# Models
What is shipped or ready to be: what each model costs, what it reaches, and what made it. Written by
`benchmarks/models.py` from the runs in `students/weights/`; what is typed are the goals, the papers' figures and the
last column of the goals' table.
"""
_UPSCALERS = """## Upscalers
PSNR-Y in dB and SSIM-Y of the 8-bit picture that a user gets; in brackets PSNR as the papers count, on the network's
own luma rounded to 8 bits. LR is made by antialiased bicubic. The last column is what the shipped bundle loses in
int8, in dB, on each set, as the session runs it. Rows named by a file are public weights, scored in the same way. Set5
was watched while models were trained and recipes compared; Set14 and B100 were never chosen by.
"""
_RESTORERS = """## Upscalers of worn pictures
The same of models for what real cameras give: LR is worn as in their training. They learned from a teacher's pictures,
not from the truth, and PSNR to the truth prefers blur to detail that may be a little off: how near they come to the
teacher, and what that looks like, is in [restoration.md](restoration.md).
"""
_INTERPOLATORS = """## Interpolators
RGB PSNR in dB and SSIM of the middle frame; `flownet.pkl` is RIFE 4.0, the teacher.
"""
_TRAINING = """## How they were made
Multiply-adds are of one picture of 1280x720: that which comes out, or that which is put between two. Steps and time
are of the last run alone: one that starts from another says so, and `recipe.toml` of the run says from which. A
machine is told by its maker, and family, model and stepping.
"""
_SPEEDS = """## How fast they are
`benchmarks/speeds.py`, on 2 threads and frames of 320x192, in turns: the shipped model as `auto` runs it, and how many
times as fast it is as its own network in fp32 on onnxruntime, which is how one as published is run, and as a teacher's
at its published size in fp32 on OpenVINO: RIFE 4 for interpolators, realesr-general-x4v3 for upscalers of worn
pictures, which learned from it, and ESRGAN for the others, its x4 for x3.
"""
_AGAIN = f"""## From scratch in minutes
`make models` trains `fsrcnn-x4`, which has the fewest multiply-adds and the smallest file, anew for {STEPS} steps on
photographs of installed packages, in two to five minutes of one core, and fails where it does not come to {BAR:.2f} dB
over bicubic on three that it never saw.
"""
_PUBLISHED = {
    "fsrcnn-x2": "37.00 / 32.63 / 31.53",
    "fsrcnn-x3": "33.16 / 29.43 / 28.53",
    "fsrcnn-x4": "30.71 / 27.59 / 26.98",
    "sesr-x2": "- / 32.84 / -",
}
"""PSNR-Y in dB that the papers give for networks of the same name and size."""
_LICENCES = """## What they learned from
The folders of `data.train`, on the terms that the runs' cards state. A model trained on pictures for research is for
research; train on your own before you sell a product.
"""


def page(models: Sequence[Facts], others: Sequence[Facts], speeds: Mapping[str, Facts]) -> str:
    """The whole page; `others` are weights beside the models, and `speeds` are by the model's name."""
    clean, worn = _upscalers(models, "bicubic"), _upscalers(models, "real")
    interpolators = [one for one in models if one["task"] == "interpolate"]
    return "\n".join(
        [_HEAD, _UPSCALERS, *_scores(clean, _upscaled, others), "", _RESTORERS, *_scores(worn, _upscaled, []), "",
         _INTERPOLATORS, *_scores(interpolators, _between, others), "",
         goals.HEAD, *_table(goals.COLUMNS, goals.rows(models)), "",
         _TRAINING, *_training([*clean, *worn, *interpolators]), "", _SPEEDS, *_fast(speeds), "",
         _AGAIN, _LICENCES, *_licences(models), ""]
    )  # fmt: skip


def front(models: Sequence[Facts], _others: Sequence[Facts]) -> str:
    """README's table of the upscalers of clean pictures."""
    upscalers = _upscalers(models, "bicubic")
    sets = list(dict.fromkeys(name for one in upscalers for name in one["scores"]))
    rows = []
    for place, one in enumerate(upscalers):
        if not place or upscalers[place - 1]["scale"] != one["scale"]:
            given = [one["scores"][name]["baseline"]["psnr_y"] for name in sets]
            rows.append([f"bicubic x{one['scale']}", "", *(f"{value:.2f}" for value in given), "", ""])
        reached = [_psnr(one["scores"][name]["mean"]) for name in sets]
        int8 = f"{one['int8'][sets[0]]['psnr_y']:.2f}" if sets[0] in one["int8"] else ""
        published = _PUBLISHED.get(one["name"], "")
        rows.append([f"`{one['name']}`", f"{one['parameters']:,}", *reached, int8, published])
    return "\n".join(_table(["model", "parameters", *sets, f"{sets[0]}, int8", "published"], rows)) + "\n"


def front_between(models: Sequence[Facts], others: Sequence[Facts]) -> str:
    """README's table of the interpolators, and of their teacher."""
    rows: list[list[str]] = []
    shown = [one for one in [*models, *others] if one["task"] == "interpolate"]
    sets = list(dict.fromkeys(name for one in shown for name in one["scores"]))
    for one in shown:
        reached = (f"{one['scores'][name]['mean']['psnr_rgb']:.2f}" for name in sets)
        rows.append([f"`{one['name']}`", f"{one['parameters']:,}", *reached])
        if one.get("int8"):
            rows.append(["the same in int8", "", *(f"{one['int8'][name]['psnr_rgb']:.2f}" for name in sets)])
    averaged = (f"{shown[0]['scores'][name]['baseline']['psnr_rgb']:.2f}" for name in sets)
    rows.append(["averaging the two frames", "", *averaged])
    return "\n".join(_table(["model", "parameters", *sets], rows)) + "\n"


def _upscalers(models: Sequence[Facts], degradation: str) -> list[Facts]:
    """Those that learned from pictures made small in this way, by scale."""
    found = (one for one in models if one["task"] == "upscale" and one["degradation"] == degradation)
    return sorted(found, key=lambda one: one["scale"])


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    columns = list(columns)
    return [_row(columns), "|" + "---|" * len(columns), *map(_row, rows)]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _scores(models: Sequence[Facts], shown: Any, others: Sequence[Facts]) -> list[str]:
    """A row a model, and for each scale one of the baseline and those of other weights."""
    sets = list(dict.fromkeys(name for one in models for name in one["scores"]))
    rows = []
    for place, one in enumerate(models):
        if not place or models[place - 1]["scale"] != one["scale"]:
            given = [one["scores"][name]["baseline"] for name in sets]
            label = given[0]["name"] if one["scale"] == 1 else f"{given[0]['name']} x{one['scale']}"
            rows.append([label, *map(shown, given), ""])
            alike = (other for other in others if (other["task"], other["scale"]) == (one["task"], one["scale"]))
            rows += [
                [f"`{other['name']}`", *(shown(other["scores"][name]["mean"]) for name in sets), ""] for other in alike
            ]
        means = [one["scores"][name]["mean"] for name in sets]
        rows.append([f"`{one['name']}`", *map(shown, means), _lost(one, sets)])
    return _table(["model", *sets, "lost in int8"], rows)


def _upscaled(score: Facts) -> str:
    return f"{_psnr(score)} / {score['ssim_y']:.4f}"


def _psnr(score: Facts) -> str:
    """Of the picture that a user gets, and of the network's own luma."""
    direct = f" ({score['psnr_y_direct']:.2f})" if score.get("psnr_y_direct") else ""
    return f"{score['psnr_y']:.2f}{direct}"


def _between(score: Facts) -> str:
    return f"{score['psnr_rgb']:.2f} / {score['ssim_rgb']:.4f}"


def _lost(one: Facts, sets: Sequence[str]) -> str:
    metric = "psnr_y" if one["task"] == "upscale" else "psnr_rgb"
    lost = [one["scores"][name]["mean"][metric] - one["int8"][name][metric] for name in sets if name in one["int8"]]
    # Adding nothing makes a nought that was rounded from below lose its sign.
    return " / ".join(f"{round(value, 2) + 0.0:.2f}" for value in lost) or "not sealed yet"


def _training(models: Sequence[Facts]) -> list[str]:
    columns = ["model", "parameters", "multiply-adds, 720p", "recipe", "steps x crops x side", "time", "machine"]
    return _table(
        columns,
        (
            [
                f"`{one['name']}`",
                f"{one['parameters']:,}",
                f"{one['macs'] / 1e9:.2f} G",
                one["recipe"],
                f"{one['steps']:,} x {one['batch']} x {one['patch']}",
                _time(one["seconds"]),
                one["machine"],
            ]
            for one in models
        ),
    )


def _fast(speeds: Mapping[str, Facts]) -> list[str]:
    rows = (
        [
            f"`{name}`",
            one["way"],
            f"{one['ms']['shipped']:.1f} ms",
            f"{one['times_as_fast']['of_published']:.1f}",
            f"{one['times_as_fast']['of_teacher']:,.0f}",
        ]
        for name, one in speeds.items()
    )
    return _table(["model", "run by", "a picture", "its fp32", "a teacher's"], rows)


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _licences(models: Sequence[Facts]) -> list[str]:
    told = {source: licence for one in models for source, licence in one["data"].items()}
    users = {source: ", ".join(f"`{one['name']}`" for one in models if source in one["data"]) for source in told}
    return _table(["pictures", "terms", "models"], ([name, terms, users[name]] for name, terms in told.items()))
