"""`pocketlens quantize --explain`: which layers int8 hurts, and what leaving some in float would mend."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.commands import Force, Json, Quiet, refuse_report, report
from ..core.errors import BadInput
from ..core.files import refuse_taken
from ..core.locate import locate
from ..core.progress import progress
from .options import SAMPLE, Calib, Model, Scale, one_of, open_checkpoint, output_file

if TYPE_CHECKING:
    from ..core.checkpoint import Checkpoint
    from ..core.facts import Degradation
    from .calibration import Case
    from .layers import Layer
    from .sensitivity import Sensitivity, Trials


def quantize(
    model: Model,
    explain: Annotated[bool, typer.Option("--explain", help="Say what int8 in each layer costs.")] = False,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of HR pictures, or of triplets, to measure on; may be repeated."),
    ] = None,
    limit: Annotated[
        float | None, typer.Option(help="dB that int8 may lose; by default what verify allows on --data, else export.")
    ] = None,
    processor: Annotated[str, typer.Option("--for", help="cpu or tensorrt.")] = "cpu",
    calib: Calib = SAMPLE,
    scale: Scale = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw the losses.")] = None,
    force: Force = False,
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Say what int8 in each layer costs, and the least that must stay in float to meet a limit.

    Losses are in dB on the calibration pictures, or on those of --data.

    Example: pocketlens quantize runs/sesr --explain --data photos --plot sesr.png
    """
    if not explain:
        raise BadInput(
            "quantize tells what int8 costs, with --explain; to make an int8 graph: "
            f"pocketlens export onnx {model} -o NAME.onnx --precision int8"
        )
    if limit is not None and not 0 <= limit < math.inf:
        raise BadInput(f"--limit is in dB, 0 or more, not {limit}")
    one_of(processor, ("cpu", "tensorrt"), "--for")
    refuse_report(json_file, force)
    if plot:
        refuse_taken(output_file(plot, ".png"), force)
    trained = open_checkpoint(model, scale)
    from .provenance import degradation_of, provenance_of

    if trained.ranges:
        raise BadInput(f"{model} was trained in int8 and is exported as it was trained; give the run it started from")
    run = provenance_of(locate(model))
    allowed, learned_from = _limit(run, trained.spec.task, bool(data), limit), degradation_of(run)
    told = _explained(trained, data or [], calib, learned_from, processor, allowed, quiet)
    if plot:
        from .explain_plot import draw

        draw(told, plot)
    report(told, json_file, lambda: _text(told), quiet)


def _limit(run: Mapping[str, Any], task: str, on_data: bool, stated: float | None) -> tuple[float, str]:
    """dB that int8 may lose, and whose limit that is: what `verify` asks holds for the pictures of --data alone."""
    from .provenance import limits_of
    from .quantize import LIMITS

    if stated is not None:
        return stated, "--limit"
    if on_data:
        return limits_of(run).of_task(task).gap or 0.0, "what verify asks of --data"
    return LIMITS[task], "what export asks of calibration pictures"


def _explained(
    trained: Checkpoint,
    data: list[Path],
    calib: str,
    learned_from: Degradation,
    processor: str,
    limit: tuple[float, str],
    quiet: bool,
) -> dict[str, Any]:
    """What the command tells, as its JSON."""
    from .calibration import open_calibration
    from .faces import whole_graph
    from .quantize import LIMITS, forms
    from .sensitivity import Trials, smallest_float_set

    spec, usual = trained.spec, LIMITS[trained.spec.task]
    given = _given(trained, data, learned_from)
    calibration = open_calibration(calib, trained, learned_from, quiet)
    if not (cases := given or calibration.scored):
        raise BadInput(f"every picture is too small to measure an upscaler x{spec.scale} on")
    with progress("tracing", None, quiet):
        form = forms(whole_graph(trained), calibration.watched)[processor]
        trials = Trials(form, cases)
    found = _one_by_one(trials, quiet)
    with progress("searching", None, quiet):
        exported = trials.in_float(form.within(usual, calibration.scored))
        smallest = smallest_float_set(trials, found, limit[0])
    sets = {"all int8": [], "smallest": smallest, "export": exported}
    return {
        "network": trained.name,
        "for": processor,
        "limit": limit[0],
        "limit_is": limit[1],
        "measured_on": {"pictures": len(cases), "of": "data" if given else "calibration"},
        "calibration": calibration.provenance,
        "fp32_psnr": trials.fp32,
        "layers": [_layer(one) for one in found],
        "always_float": [name for name in trials.shares if name not in {layer.name for layer in trials.layers}],
        "float_sets": {name: _set(trials, floats) for name, floats in sets.items()},
    }


def _given(trained: Checkpoint, folders: list[Path], learned_from: Degradation) -> list[Case]:
    """What is in the folders of --data; raises BadInput for one that holds nothing of the kind."""
    from .calibration import on_pictures, on_triplets
    from .task import task

    spec = trained.spec
    items = [item for folder in folders for item in task(spec.task).read_set(folder)]
    if not items:
        return []
    if spec.task == "interpolate":
        return on_triplets(items, spec).scored
    return on_pictures([bgr for _, bgr in items], spec, learned_from).scored


def _one_by_one(trials: Trials, quiet: bool) -> list[Sensitivity]:
    """Every layer, the one that loses most first."""
    if not trials.layers:
        raise BadInput("int8 would quantize nothing of this network: all its convolutions work on the picture itself")
    found = []
    with progress("layers", len(trials.layers), quiet) as advance:
        for layer in trials.layers:
            found.append(trials.alone(layer))
            advance(note=f"{layer.name}: {found[-1].effect.lost:.3f} dB")
    return sorted(found, key=lambda one: one.effect.lost, reverse=True)


def _layer(one: Sensitivity) -> dict[str, Any]:
    effect = {"lost": one.effect.lost, "psnr_to_fp32": one.effect.likeness}
    return {"name": one.layer.name, "share_of_work": one.share, **effect}


def _set(trials: Trials, floats: list[Layer] | None) -> dict[str, Any] | None:
    """One choice of layers to leave in float; None where there is no such choice."""
    if floats is None:
        return None
    effect, names = trials.without(floats), [layer.name for layer in floats]
    share = sum(trials.shares[name] for name in names)
    return {"float": names, "share_of_work": share, "lost": effect.lost, "psnr_to_fp32": effect.likeness}


def _text(told: dict[str, Any]) -> str:
    """The same as tables."""
    measured = told["measured_on"]
    lines = [f"{'only this layer in int8':<28}{'of the work':>12}{'lost':>12}{'to fp32':>12}"]
    lines += [f"{one['name']:<28}{_figures(one)}" for one in told["layers"]]
    lines += ["", f"{'in float':<28}{'of the work':>12}{'lost':>12}{'to fp32':>12}"]
    for name, one in told["float_sets"].items():
        if one is None:
            lines.append(f"{name:<28}{'none but all of it meets the limit':>36}")
        else:
            lines.append(f"{name:<28}{_figures(one)}  {', '.join(one['float']) or '-'}")
    always = f"; always in float: {', '.join(told['always_float'])}" if told["always_float"] else ""
    lines += ["", f"limit {told['limit']:.2f} dB ({told['limit_is']}), int8 for {told['for']}{always}"]
    lines.append(f"fp32 reaches {told['fp32_psnr']:.2f} dB on {measured['pictures']} pictures of the {measured['of']}")
    return "\n".join(lines)


def _figures(one: dict[str, Any]) -> str:
    return f"{one['share_of_work']:>11.1%} {one['lost']:>9.3f} dB{one['psnr_to_fp32']:>9.2f} dB"
