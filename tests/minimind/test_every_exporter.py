"""What every exporter promises; a new one inherits these by being in the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from minimind.errors import BadInput
from minimind.export import EXPORTERS, exporter_named
from minimind.export.exporter import Exporter, ExportRequest, ExportResult
from minimind.model.config import ModelConfig
from tests.helpers.checkpoints import TINY, make_checkpoint, make_run

ALL = pytest.mark.parametrize("exporter", EXPORTERS.values(), ids=EXPORTERS)


def export(exporter: Exporter, checkpoint: Path, out: Path) -> ExportResult:
    return exporter.export(ExportRequest(checkpoint=str(checkpoint), out=out), lambda done, total: None)


@ALL
def test_it_can_be_described_without_torch(exporter: Exporter) -> None:
    code = f"""
import sys
from minimind.export import EXPORTERS
from minimind.presets import PRESETS
exporter = EXPORTERS[{exporter.name!r}]
for storage in exporter.storages:
    assert exporter.size(PRESETS["mini"].config, storage.name) > 1_000_000
assert exporter.problem(PRESETS["mini"].config) is None
assert "torch" not in sys.modules and "gguf" not in sys.modules and "llama_cpp" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


@ALL
def test_names_and_default(exporter: Exporter) -> None:
    assert exporter_named(exporter.name) is exporter
    assert exporter.default in [storage.name for storage in exporter.storages]
    assert exporter.title
    assert exporter.summary


@ALL
def test_it_takes_a_run_folder_and_uses_its_best(exporter: Exporter, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", steps=(10, 20))
    from_run = export(exporter, run.path, tmp_path / "a")
    from_step = export(exporter, run.step_folder(10), tmp_path / "b")
    assert _weights(from_run.path) == _weights(from_step.path)


def _weights(path: Path) -> bytes:
    return (path / "model.safetensors").read_bytes() if path.is_dir() else path.read_bytes()[-100_000:]


@ALL
def test_progress_goes_to_the_end(exporter: Exporter, tmp_path: Path) -> None:
    folder, heard = make_checkpoint(tmp_path / "ck"), []
    request = ExportRequest(checkpoint=str(folder), out=tmp_path / "out")
    exporter.export(request, lambda done, total: heard.append((done, total)))
    assert [done for done, _total in heard] == sorted(done for done, _total in heard)
    assert heard[-1][0] == heard[-1][1] > 0


@ALL
def test_size_is_predicted(exporter: Exporter, tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    result = export(exporter, folder, tmp_path / "out")
    assert exporter.size(TINY, result.storage) == pytest.approx(result.size_bytes, rel=0.1)


@ALL
def test_a_damaged_checkpoint_is_refused(exporter: Exporter, tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(BadInput, match="damaged"):
        export(exporter, folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@ALL
def test_no_checkpoint_is_named(exporter: Exporter, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        export(exporter, tmp_path / "nowhere", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@ALL
def test_a_full_disk_is_told_before_it_begins(
    exporter: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_checkpoint(tmp_path / "ck")
    monkeypatch.setattr("minimind.export.exporter.free_bytes", lambda folder: 1000)
    with pytest.raises(BadInput, match="free"):
        export(exporter, folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@ALL
def test_experts_are_refused_in_one_sentence(exporter: Exporter) -> None:
    changes = {"num_experts": 4, "experts_per_token": 2, "balance": "document"}
    problem = exporter.problem(ModelConfig(**(TINY.to_dict() | changes)))
    assert problem is not None
    assert problem.count(".") == 1


def test_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(BadInput, match="gguf, hf"):
        exporter_named("onnx")
