"""`pocketlens report`: everything that is known of models on one page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bundles import make_bundle
from commands import pocketlens
from contracts import changed
from fake_tensorrt import install
from pocketlens.core.bundle import read, write
from pocketlens.runtime.machine import Machine
from reported import HOSTILE, interpolator, upscaler, write_curves
from runs import write_photos, write_teacher

EXPLAINED = {
    "network": "sesr",
    "layers": [
        {"name": "node_<b>", "share_of_work": 0.25, "lost": 0.021, "psnr_to_fp32": None},
        {"name": "node_2", "share_of_work": 0.5, "lost": -0.001, "psnr_to_fp32": 55.125},
    ],
    "float_sets": {"smallest": None, "export": {"float": ["node_2"], "share_of_work": 0.5, "lost": 0.0185}},
}
QUICKLY = ("--size", "16x16", "--seconds", 0, "--quiet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    run = write_teacher(folder / "run", "sesr", channels=4, blocks=1, width=4)
    write_curves(run)
    (run / "recipe.toml").write_text('[card]\nintended_use = "Trying curves"\n')
    (folder / "sens.json").write_text(json.dumps(EXPLAINED))
    words = (upscaler(folder), interpolator(folder), run, "-o", folder / "a.html", "--json", folder / "a.json")
    assert pocketlens("report", *words, "--sensitivity", folder / "sens.json", *QUICKLY) == 0
    return (folder / "a.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def told(page: str, folder: Path) -> list[dict]:
    return json.loads((folder / "a.json").read_text())["models"]


def test_every_topic_is_there(page: str):
    topics = re.findall(r"<h2 id=[^>]+>([^<]+)</h2>", page)
    assert topics == [
        "Limits",
        "Quality",
        "Pictures",
        "Speed",
        "Training",
        "Layers in int8",
        "Model card",
        "Provenance",
    ]


def test_it_names_every_limit_and_its_verdict(page: str, told: list[dict]):
    assert [model["verdict"] for model in told] == ["undecided"] * 3, "no time was given for latency"
    for model in told:
        for limit in model["limits"]:
            assert f'>{limit["name"]}</th><td data-column="verdict"><span class="verdict {limit["verdict"]}">' in page


def test_it_tells_how_lr_pictures_were_made(page: str, told: list[dict], tmp_path: Path):
    assert [model["degradation"] for model in told] == ["bicubic"] * 3
    assert page.count("LR pictures: clean") == 2, "of the two that upscale"
    bundle = changed(read(upscaler(tmp_path)), degradation="real")
    write(tmp_path / "worn.plens", bundle.manifest, bundle.files)
    assert pocketlens("report", tmp_path / "worn.plens", "-o", tmp_path / "a.html", *QUICKLY) == 0
    worn = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "LR pictures: worn" in worn and "upscales worn pictures by 2" in worn
    assert re.search(r"<dt>Scored on pictures</dt><dd>worn", worn)


def test_it_tells_scores_with_the_gaps_to_fp32_and_to_the_teacher(page: str):
    row = re.search(r'<th scope="row"[^>]*>Set5</th>(.*?)</tr>', page)
    assert row and re.findall(r">([^<>]+)</td>", row[1]) == ["33.67", "37.50", "37.21", "37.17", "-0.04", "-0.29"]


def test_it_tells_what_was_measured_where_it_was_made(page: str, told: list[dict]):
    for way in told[0]["measured"]:
        mean = sum(way["scores"]["samples"]["flicker"]) / 3
        row = re.search(rf'<th scope="row">{way["precision"]} {way["engine"]}</th><td class="number">.*?</tr>', page)
        assert row and f">{mean:.3f}</td>" in row[0]
    for row in told[0]["speed"]["rows"]:
        assert f">{row['p99_ms']:.2f}</td>" in page
    assert len(told[0]["memory_mib"]) == 2


def test_it_tells_what_bench_notes_and_what_it_could_not_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def slow(*seen: Machine | None) -> Machine | None:
        return Machine(dict.fromkeys(("fp32", "int8"), 1.0), 1.0)

    monkeypatch.setattr("pocketlens.runtime.bench.most", slow)
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path))
    install(monkeypatch, modules=["tensorrt"])
    models = [make_bundle(tmp_path / f"{name}.plens", targets=("cpu", "tensorrt")) for name in "ab"]
    for count, labels in ((1, ""), (2, "a, b: ")):
        out = tmp_path / f"{count}.html"
        words = ("--size", "1x1921", "--seconds", 0, "--quiet", "--json", tmp_path / f"{count}.json")
        assert pocketlens("report", *models[:count], "-o", out, *words) == 0
        speed = out.read_text(encoding="utf-8").partition('id="speed"')[2]
        (notes,) = re.findall(r"<ul>(<li>.*?)</ul>", speed)
        told = re.findall(r"<li>(.*?)</li>", notes)
        assert len(told) == 2 and told[0].startswith(f"{labels}more than 100% of peak")
        assert told[1].startswith(f"{labels}not timed: tensorrt fp32: the TensorRT plan serves frames of 1x1 to")
        (first, *_) = json.loads((tmp_path / f"{count}.json").read_text())["models"]
        assert first["speed"]["notes"] and first["speed"]["left_out"]


def test_it_tells_what_was_measured_when_the_model_was_sealed(page: str, folder: Path):
    contract = read(folder / "up.plens").manifest.contract
    assert contract
    found = re.search(r"Measured on Set14, 3 pictures, when it was sealed</figcaption>(.*?)</table>", page)
    assert found
    for scores in contract.sets["Set14"].scores:
        row = re.search(rf">{scores.precision} {scores.engine}</th>(.*?)</tr>", found[1])
        assert row and f">{sum(scores.banding) / 3:.3f}</td>" in row[1] and f">{scores.gap:.3f}</td>" in row[1]
    recorded = re.search(r"when it was sealed, or since</figcaption>(.*?)</table>", page)
    assert recorded and {"1.25", "1.7%", "98", "Elsewhere, 2 cores"} <= set(re.findall(r">([^<>]+)</td>", recorded[1]))


def test_pictures_are_shown_with_maps_of_their_errors(page: str):
    assert page.count("<h3>Picture ") == 5
    for what in ("bicubic less truth", "frame average less truth", "int8 less fp32"):
        assert f"{what}</b>" in page
    assert re.findall(r"<img (?!alt=\"[^\"]+\" src=\"data:image/png;base64,)", page) == []


def test_the_curves_of_a_run_folder_and_of_what_was_sealed_are_drawn_and_listed(page: str):
    assert "psnr_y: 36.1 at step 1,000, 36.5 at step 5,000" in page
    assert "psnr_y: 35.25 at step 2,000, 35.75 at step 4,000" in page
    assert page.count("<polyline") == 8, "two lines of each, and a sample of each line"
    assert 'scope="row" class="number">5,000</th><td class="number">36.5</td>' in page


def test_layers_are_listed_with_what_they_cost(page: str):
    assert ">node_&lt;b&gt;</th>" in page and ">0.021</td>" in page and ">-0.001</td>" in page and "55.12" in page
    assert '>export</th><td class="number">0.018' in page or '>export</th><td class="number">0.019' in page


def test_the_card_and_the_provenance_are_told_and_what_is_missing_is_said_to_be(page: str):
    assert "<dd>Tests &amp; nothing else</dd>" in page and "<dd>Trying curves</dd>" in page
    assert re.search(r'<th scope="row"[^>]*>T91</th><td>research only</td>', page)
    assert "<dt>Not for</dt><dd>not stated</dd>" in page
    assert "cd" * 32 in page and "name rrdb, weights_sha256 " + "ab" * 32 in page


def test_nothing_that_a_stranger_wrote_becomes_markup(page: str):
    assert HOSTILE not in page and "&lt;/td&gt;&lt;script src=//evil.example" in page
    assert page.count("<script") == 1


def test_models_that_are_called_alike_are_told_apart(folder: Path):
    models = [make_bundle(folder / name / "same.plens") for name in ("one", "two")]
    out = folder / "same.html"
    assert pocketlens("report", *models, "-o", out, *QUICKLY) == 0
    assert all(f">{model}</th>" in out.read_text() for model in models)


def test_folders_are_scored_by_the_models_that_can_use_them(folder: Path, capsys):
    photos = write_photos(folder / "photos", 2)
    models = make_bundle(folder / "toy.plens"), make_interpolator_without_samples(folder)
    words = ("report", *models, "-o", folder / "photos.html", "--data", photos, *QUICKLY, "--json", "-")
    assert pocketlens(*words) == 0
    measured = [model["measured"] for model in json.loads(capsys.readouterr().out)["models"]]
    assert {set_name for way in measured[0] for set_name in way["scores"]} == {"photos"}
    assert measured[1] == []
    (folder / "empty").mkdir()
    assert pocketlens(*words[:3], "-o", folder / "never.html", "--data", folder / "empty", *QUICKLY) == 2
    assert "no pictures in" in capsys.readouterr().err
    assert not (folder / "never.html").exists()


def test_the_pictures_of_the_owner_are_shown_before_the_samples(folder: Path):
    model, photos, out = upscaler(folder / "owned"), write_photos(folder / "owned" / "mine", 5), folder / "owned.html"
    assert pocketlens("report", model, "-o", out, "--data", photos, *QUICKLY) == 0
    shown = re.findall(r"<h3>Picture \d, of (\w+)</h3>", out.read_text(encoding="utf-8"))
    assert shown == ["mine"] * 4 + ["samples"] * 2


def make_interpolator_without_samples(folder: Path) -> Path:
    from interpolators import make_interpolator

    return make_interpolator(folder / "between.plens")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("-o", "a.txt"), "name it a.html"),
        (("-o", "taken.html"), "--force"),
        (("-o", "new.html", "--size", "9"), "such as 360x640"),
        (("-o", "new.html", "--sensitivity", "taken.html"), "is not what quantize --explain --json writes"),
        (("-o", "new.html", "--sensitivity", "missing.json"), "cannot read"),
        (("-o", "new.html", "--data", "nowhere"), "no folder"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_measured(
    words: tuple[str, ...], line: str, tmp_path: Path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("taken.html").write_text("mine")
    assert pocketlens("report", make_bundle(tmp_path / "toy.plens"), *words) == 2
    assert line in capsys.readouterr().err
    assert Path("taken.html").read_text() == "mine" and not Path("new.html").exists()


def test_the_bundle_that_is_told_of_is_read_as_it_was_written(folder: Path, page: str):
    assert read(folder / "up.plens").manifest.card.intended_use == "Tests & nothing else"
