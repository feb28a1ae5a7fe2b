"""What a program that shares no code with pocketlens finds in a video that it wrote."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from bundles import make_bundle, nearest_graph
from clips import make_clip
from commands import pocketlens
from programs import needs_program

COLOUR = ("color_primaries", "color_transfer", "color_space", "color_range")


def probe(path: Path) -> tuple[dict[str, Any], dict[str, Any], float]:
    """Facts of the picture, facts of the sound, and the duration in seconds."""
    command = [needs_program("ffprobe"), "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json"]
    done = subprocess.run([*command, path], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    kinds = {stream["codec_type"]: stream for stream in found["streams"]}
    return kinds["video"], kinds["audio"], float(found["format"]["duration"])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_ffprobe_finds_the_frames_the_duration_the_sound_and_the_colour_of_the_input(tmp_path: Path, suffix: str):
    source = make_clip(tmp_path / f"in{suffix}", pts=range(0, 2000, 40), sound=True, colour=(1, 1, 1, 1))
    bundle = make_bundle(tmp_path / "b.plens", graphs={"fp32": nearest_graph(1)})
    made = tmp_path / f"out{suffix}"
    assert pocketlens("run", bundle, source, "-o", made) == 0
    (before, sound_before, seconds), (after, sound_after, made_seconds) = probe(source), probe(made)
    assert (after["width"], after["height"]) == (2 * before["width"], 2 * before["height"])
    assert after["nb_read_frames"] == before["nb_read_frames"] == "50"
    assert made_seconds == pytest.approx(seconds, abs=0.045)
    assert [after[tag] for tag in COLOUR] == [before[tag] for tag in COLOUR] == ["bt709", "bt709", "bt709", "tv"]
    assert (after["pix_fmt"], after["avg_frame_rate"]) == (before["pix_fmt"], before["avg_frame_rate"])
    for fact in ("codec_name", "sample_rate", "channels", "nb_read_frames"):
        assert sound_after[fact] == sound_before[fact], fact
