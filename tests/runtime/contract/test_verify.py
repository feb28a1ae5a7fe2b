"""What is held against what: the seal, a baseline, and fp32 on pictures of the owner's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph, upscaler_graph
from contracts import changed, sealed, with_pictures
from interpolators import make_interpolator
from pocketlens.core.bundle import Bundle, read
from pocketlens.core.cases import from_folder
from pocketlens.core.contract import MEASURES, DataSet
from pocketlens.core.errors import BadInput, MachineCannot
from pocketlens.core.limits import Limits
from pocketlens.core.verdict import Verdict
from pocketlens.runtime.contract.measured import contract_of
from pocketlens.runtime.contract.row import Row
from pocketlens.runtime.contract.verify import verify
from pocketlens.runtime.session import Session
from runs import write_photos

PASS, FAIL, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED


def two_precisions(path: Path, seed: int) -> Bundle:
    """An upscaler whose int8 is another network; that of `seed` 0 is worse than that of 3."""
    graphs = {"fp32": upscaler_graph(seed=seed), "int8": upscaler_graph()}
    return with_pictures(make_bundle(path, graphs=graphs))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return sealed(two_precisions(tmp_path_factory.mktemp("bundle") / "a.plens", seed=0))


def found(bundle: Bundle, baseline: Bundle | None = None, folders: Sequence[Path] = ()) -> dict[str, Row]:
    """The limits by name, without those on time."""
    rows = verify(bundle, baseline, folders, engine="onnxruntime", seconds=0)
    return {row.name: row for row in rows if not row.name.startswith("latency")}


def verdicts(rows: dict[str, Row]) -> set[Verdict]:
    return {row.verdict for row in rows.values()}


def test_a_bundle_without_a_contract_is_undecided_and_says_why(bundle: Bundle):
    rows = found(changed(bundle, contract=None))
    assert rows["psnr fp32 onnxruntime samples"].verdict == UNDECIDED
    assert "--baseline" in rows["psnr fp32 onnxruntime samples"].found.why


def test_an_engine_that_nobody_measured_is_undecided(bundle: Bundle):
    assert bundle.manifest.contract
    scores = [bundle.manifest.contract.sets["samples"].model_copy(update={"scores": []})]
    contract = bundle.manifest.contract.model_copy(update={"sets": dict(zip(["samples"], scores, strict=True))})
    row = found(changed(bundle, contract=contract))["psnr int8 onnxruntime samples"]
    assert row.verdict == UNDECIDED and "not measured on this engine" in row.found.why


def test_pictures_that_nobody_sealed_are_undecided_and_the_mend_is_told(bundle: Bundle, tmp_path: Path):
    row = found(bundle, folders=[write_photos(tmp_path / "photos", 6)])["psnr fp32 onnxruntime photos"]
    assert row.verdict == UNDECIDED and "export bundle --data" in row.found.why


def test_scores_of_other_pictures_than_there_are_decide_nothing(bundle: Bundle):
    fewer = changed(bundle, samples=bundle.manifest.samples[:3])
    contract = sealed(fewer).manifest.contract
    assert contract and bundle.manifest.contract
    forged = contract.sets["samples"].model_copy(update={"sha256": bundle.manifest.contract.sets["samples"].sha256})
    rows = found(changed(bundle, contract=contract.model_copy(update={"sets": {"samples": forged}})))
    assert rows["psnr fp32 onnxruntime samples"].verdict == UNDECIDED


def test_a_model_without_pictures_is_undecided(tmp_path: Path):
    rows = found(read(make_bundle(tmp_path / "a.plens")))
    assert verdicts(rows) == {UNDECIDED} and "--data" in rows["psnr"].found.why


def test_a_baseline_is_measured_beside_it(bundle: Bundle, tmp_path: Path):
    before = changed(bundle, contract=None)
    assert verdicts(found(before, before)) == {PASS}
    blurred = with_pictures(make_bundle(tmp_path / "b.plens", graphs={"fp32": upscaler_graph(seed=3)}))
    rows = found(blurred, before)
    change = rows["psnr fp32 onnxruntime samples"].found.value
    back = found(changed(before, contract=None), blurred)["psnr fp32 onnxruntime samples"].found.value
    assert change == pytest.approx(-back) and abs(change) > 0.05
    assert FAIL in verdicts(rows)


def test_the_limits_of_the_baseline_count(bundle: Bundle, tmp_path: Path):
    worse = sealed(with_pictures(make_bundle(tmp_path / "b.plens", graphs={"fp32": nearest_graph()})), Limits(psnr=9))
    assert found(worse, bundle)["psnr fp32 onnxruntime samples"].limit == 0.03


def test_what_the_baseline_lacks_is_undecided(bundle: Bundle, tmp_path: Path):
    lacking = with_pictures(make_bundle(tmp_path / "b.plens"))
    row = found(bundle, lacking)["psnr int8 onnxruntime samples"]
    assert row.verdict == UNDECIDED and "int8" in row.found.why


def test_a_baseline_of_another_kind_is_refused(bundle: Bundle, tmp_path: Path):
    for other in (make_bundle(tmp_path / "x3.plens", scale=3), make_interpolator(tmp_path / "t.plens")):
        with pytest.raises(BadInput, match=r"is made to upscale x2, the baseline .*give a baseline of the same"):
            verify(bundle, read(other), seconds=0)


def test_pictures_of_the_owners_hold_int8_to_fp32(tmp_path: Path):
    photos = write_photos(tmp_path / "photos", 6)
    close, far = (sealed(two_precisions(tmp_path / f"{seed}.plens", seed)) for seed in (0, 3))
    row = found(close, folders=[photos])["gap int8 onnxruntime photos"]
    assert (row.verdict, row.limit, row.found.value) == (PASS, 0.1, 0)
    assert found(far, folders=[photos])["gap int8 onnxruntime photos"].verdict == FAIL
    assert "gap fp32 onnxruntime photos" not in found(close, folders=[photos])


def with_set(bundle: Bundle, name: str, fp32: list[float], int8: list[float]) -> Bundle:
    """The bundle as if it had been sealed with these PSNRs on a folder."""
    contract = bundle.manifest.contract
    assert contract
    scored = {each.precision: each for each in contract.sets["samples"].scores if each.engine == "onnxruntime"}
    rest = {measure: [0.0] * len(fp32) for measure in MEASURES}
    scores = [
        scored[precision].model_copy(update={**rest, "psnr": values})
        for precision, values in (("fp32", fp32), ("int8", int8))
    ]
    made = DataSet(sha256="0" * 64, pictures=len(fp32), scores=scores)
    return changed(bundle, contract=contract.model_copy(update={"sets": {**contract.sets, name: made}}))


@pytest.mark.parametrize(
    ("lost", "verdict"),
    [([0.2, -0.04, 0.05], PASS), ([0.2, 0.1, 0.18], FAIL), ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.1], FAIL)],
    ids=["within", "beyond", "one picture"],
)
def test_a_gap_that_was_sealed_is_a_fact(bundle: Bundle, lost: list[float], verdict: Verdict):
    known = with_set(bundle, "Set5", [30.0] * len(lost), [30 - each for each in lost])
    row = found(known)["gap int8 onnxruntime Set5, as sealed"]
    assert row.verdict == verdict and row.found.value == pytest.approx(np.mean(lost))
    assert not any(name.startswith("gap") and "samples" in name for name in found(known)), "drawn samples are exempt"


def test_few_pictures_that_differ_decide_the_gap(tmp_path: Path):
    photos = write_photos(tmp_path / "photos", 2)
    rows = found(sealed(two_precisions(tmp_path / "a.plens", 3)), folders=[photos])
    gap = rows["gap int8 onnxruntime photos"].found
    assert gap.low < gap.value < gap.high, "the pictures differ"
    middle = Limits(gap=gap.value + 0.01 * (gap.high - gap.value))
    rows = found(sealed(two_precisions(tmp_path / "b.plens", 3), middle), folders=[photos])
    assert rows["gap int8 onnxruntime photos"].verdict == PASS


def test_what_is_measured_anew_is_not_told_as_sealed(bundle: Bundle, tmp_path: Path):
    photos = write_photos(tmp_path / "photos", 2)
    sets = {"photos": from_folder(photos, bundle.manifest)}
    known = changed(bundle, contract=contract_of(bundle, sets, Limits(), 1, 0, lambda steps=1, note="": None))
    assert "gap int8 onnxruntime photos, as sealed" in found(known)
    rows = found(known, folders=[photos])
    assert "gap int8 onnxruntime photos" in rows and "gap int8 onnxruntime photos, as sealed" not in rows


def test_pictures_that_were_sealed_are_known_again_under_any_name(bundle: Bundle, tmp_path: Path):
    photos = write_photos(tmp_path / "photos", 6)
    sets = {"photos": from_folder(photos, bundle.manifest)}
    contract = contract_of(bundle, sets, Limits(), 1, 0, lambda steps=1, note="": None)
    known = changed(bundle, contract=contract)
    photos.rename(tmp_path / "elsewhere")
    rows = found(known, folders=[tmp_path / "elsewhere"])
    assert rows["psnr fp32 onnxruntime elsewhere"].verdict == PASS
    picture = next((tmp_path / "elsewhere").iterdir())
    picture.unlink()
    assert "psnr int8 onnxruntime elsewhere" not in found(known, folders=[tmp_path / "elsewhere"])


def test_the_gap_to_fp32_is_sealed(tmp_path: Path):
    contract = sealed(two_precisions(tmp_path / "a.plens", seed=3)).manifest.contract
    assert contract
    fp32, int8 = sorted(
        (each for each in contract.sets["samples"].scores if each.engine == "onnxruntime"),
        key=lambda each: each.precision,
    )
    assert fp32.gap == 0
    assert int8.gap == pytest.approx(np.mean(fp32.psnr) - np.mean(int8.psnr), abs=1e-3)


def test_what_ran_when_it_was_sealed_and_does_not_any_more_fails(bundle: Bundle, monkeypatch: pytest.MonkeyPatch):
    opened = Session.open

    def fails(model: Bundle, engine: str, precision: str, *more: Any) -> Session:
        if precision == "int8":
            raise MachineCannot("no int8 today")
        return opened(model, engine, precision, *more)

    monkeypatch.setattr(Session, "open", fails)
    assert found(bundle)["psnr int8 onnxruntime samples"].verdict == FAIL
    assert found(changed(bundle, contract=None))["psnr int8 onnxruntime samples"].verdict == UNDECIDED
