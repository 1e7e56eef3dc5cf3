"""A Hugging Face folder. Our own checkpoint already is one for dense models; this writes it without the
trainer's state, in the number format that was asked for.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from minimind.errors import BadInput
from minimind.export import gguf_layout as layout
from minimind.export.check import compare_folder
from minimind.export.exporter import Exporter, ExportRequest, ExportResult, Report, Storage, check_room
from minimind.export.source import Source, open_source, read_shape
from minimind.files import read_json, replace_json, write_folder
from minimind.model.config import ModelConfig
from minimind.text import N_, _

_TYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "chat_template.jinja",
    "README.md",
)


class HuggingFaceExporter(Exporter):
    """Stock Llama and Qwen3 folders; experts come with a later version."""

    name = "hf"
    title = N_("Hugging Face folder")
    summary = N_("For transformers and vLLM")
    default = "F32"
    storages = (
        Storage(name="F32", phrase=N_("exactly the trained weights")),
        Storage(name="F16", phrase=N_("half precision, hardly any loss")),
        Storage(name="BF16", phrase=N_("half precision, for newer hardware")),
    )

    def problem(self, config: ModelConfig) -> str | None:
        """Experts cannot be written yet."""
        if config.is_moe:
            return _("Expert models cannot be exported yet; that comes with a later version.")
        return None

    def size(self, config: ModelConfig, storage: str) -> int:
        """Bytes of the folder; the tokenizer is about half a megabyte."""
        numbers = sum(tensor.count for tensor in layout.tensors(config))
        return numbers * layout.BLOCKS[storage][1] + config.vocab_size * 80

    def target(self, folder: Path, label: str, storage: str) -> Path:
        """`label-hf`, with the number format where it is not the trained one."""
        return folder / (f"{label}-hf" if storage == "F32" else f"{label}-hf-{storage}")

    def export(self, request: ExportRequest, report: Report) -> ExportResult:
        """Write the folder, then load it again and compare if that was asked for."""
        storage = request.dtype.upper() or "F32"
        if request.quant:
            raise BadInput(_("--quant is for gguf; a Hugging Face folder takes --dtype f32, f16 or bf16"))
        if storage not in _TYPES:
            raise BadInput(_("--dtype must be f32, f16 or bf16, not {value}").format(value=request.dtype))
        config, _folder = read_shape(request.checkpoint)
        problem = self.problem(config)
        if problem:
            raise BadInput(problem, code="cannot_export")
        source = open_source(request.checkpoint)
        out = _target(request.out)
        check_room(out.parent, self.size(config, storage))
        write_folder(out, lambda folder: _fill(folder, source, storage, report))
        checked, same = compare_folder(out, source.folder) if request.check else (0, 0)
        return ExportResult(
            path=out,
            size_bytes=sum(path.stat().st_size for path in out.iterdir()),
            storage=storage,
            checked=checked,
            same=same,
        )


def _target(out: Path) -> Path:
    """The folder to make: absent or empty, its parent there."""
    if out.is_dir() and not any(out.iterdir()):
        out.rmdir()
    if out.exists():
        raise BadInput(_("{path} exists; choose another name").format(path=out))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            _("{path} cannot be made: {reason}").format(path=out.parent, reason=error.strerror)
        ) from error
    return out


def _fill(folder: Path, source: Source, storage: str, report: Report) -> None:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    plan = layout.tensors(source.config)
    total, done = sum(tensor.count * 4 for tensor in plan), 0
    weights = {}
    for tensor in plan:
        numbers = torch.from_numpy(source.weights[tensor.ours])
        weights[tensor.ours] = numbers.to(getattr(torch, _TYPES[storage]))
        done += tensor.count * 4
        report(done, total)
    try:
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    except SafetensorError as error:
        raise OSError(str(error)) from error
    config = {**source.config.to_hf(), **_foreign_keys(source)}
    config |= {"dtype": _TYPES[storage], "minimind_method": source.method}
    if source.seq_len:
        config["minimind_seq_len"] = source.seq_len
    replace_json(folder / "config.json", config, sync=False)
    for name in _TOKENIZER_FILES:
        if (source.folder / name).is_file():
            shutil.copyfile(source.folder / name, folder / name)


def _foreign_keys(source: Source) -> dict[str, Any]:
    """What the checkpoint's own config.json says beyond the shape: bos, eos, notes of other tools."""
    shape = source.config.to_hf()
    return {
        key: value
        for key, value in (read_json(source.folder / "config.json") or {}).items()
        if key not in shape
    }
