"""GGUF: one file for llama.cpp, Ollama and LM Studio; written with the `gguf` package.

Dense models map onto llama.cpp's `llama` and `qwen3` exactly: in F32 the logits agree to rounding.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from minimind.chat import llama
from minimind.errors import BadInput
from minimind.export import gguf_layout as layout
from minimind.export.check import compare
from minimind.export.exporter import Exporter, ExportRequest, ExportResult, Report, Storage, check_room
from minimind.export.source import Source, open_source, read_shape
from minimind.export.vocabulary import Vocabulary, read_vocabulary
from minimind.files import write_file
from minimind.model.config import ModelConfig
from minimind.text import N_, _

_FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 7, "BF16": 32}
_EXTRA = "llama-cpp-python"


class GGUFExporter(Exporter):
    """Dense models of every preset; experts come with a later version."""

    name = "gguf"
    title = "GGUF"
    summary = N_("For llama.cpp, Ollama, LM Studio")
    default = "Q8_0"
    storages = (
        Storage(name="Q8_0", phrase=N_("almost lossless, recommended")),
        Storage(name="F16", phrase=N_("half precision, hardly any loss")),
        Storage(name="BF16", phrase=N_("half precision, for newer hardware")),
        Storage(name="F32", phrase=N_("exactly the trained weights")),
        Storage(name="Q4_0", phrase=N_("small, a bit less clever")),
        Storage(name="Q6_K", phrase=N_("close to Q8_0, smaller"), needs=_EXTRA),
        Storage(name="Q5_K_M", phrase=N_("a good balance"), needs=_EXTRA),
        Storage(name="Q4_K_M", phrase=N_("small, better than Q4_0"), needs=_EXTRA),
    )

    def problem(self, config: ModelConfig) -> str | None:
        """Experts cannot be written yet."""
        if config.is_moe:
            return _("Expert models cannot be exported yet; that comes with a later version.")
        return None

    def size(self, config: ModelConfig, storage: str) -> int:
        """Bytes of the file."""
        return layout.file_size(config, storage)

    def can_store(self, storage: str) -> bool:
        """K-quants need llama.cpp's own quantiser."""
        return llama.installed() or not any(s.needs for s in self.storages if s.name == storage)

    def remedy(self) -> str:
        """How to get llama.cpp's Python package."""
        return llama.install_command()

    @property
    def can_check(self) -> bool:
        """llama.cpp must be there to load the file again."""
        return llama.installed()

    def target(self, folder: Path, label: str, storage: str) -> Path:
        """`label-Q8_0.gguf`."""
        return folder / f"{label}-{storage}.gguf"

    def export(self, request: ExportRequest, report: Report) -> ExportResult:
        """Write the file, then load it and compare if that was asked for."""
        storage, fallback = self._storage(request)
        config, folder = read_shape(request.checkpoint)
        problem = self.problem(config)
        if problem:
            raise BadInput(problem, code="cannot_export")
        vocabulary = read_vocabulary(folder, config.vocab_size)
        source = open_source(request.checkpoint)
        name = request.name or source.label
        out = self._out(request.out, name, storage)
        detour = self.size(config, "F32") if storage in layout.MIXES else 0
        check_room(out.parent, self.size(config, storage) + detour)
        notes: list[str] = []
        write = _Writer(
            source=source, vocabulary=vocabulary, name=name, licence=request.licence, report=report
        )
        if storage in layout.MIXES:
            write_file(out, lambda path: _mixed(write, path, storage))
        else:
            write_file(out, lambda path: notes.extend(write(path, storage, fallback)))
        checked = same = 0
        if request.check:
            checked, same, note = compare(out, source.folder)
            notes += [note] if note else []
        return ExportResult(
            path=out,
            size_bytes=out.stat().st_size,
            storage=storage,
            notes=tuple(notes),
            checked=checked,
            same=same,
        )

    def _storage(self, request: ExportRequest) -> tuple[str, str]:
        """How weights are stored, and what rows that do not fit a block become."""
        dtype = request.dtype.upper() or "F16"
        if dtype not in ("F32", "F16", "BF16"):
            raise BadInput(_("--dtype must be f32, f16 or bf16, not {value}").format(value=request.dtype))
        storage = request.quant.upper() or dtype
        known = {item.name: item for item in self.storages}
        if storage not in known:
            raise BadInput(
                _("--quant must be one of {names}, not {value}").format(
                    names=", ".join(known), value=request.quant
                )
            )
        if known[storage].needs and not llama.installed():
            raise BadInput(llama.missing(storage), code="needs_llama")
        return storage, dtype

    def _out(self, out: Path, name: str, storage: str) -> Path:
        """The file to write; a folder gets a name of ours in it."""
        target = self.target(out, name, storage) if out.is_dir() else out
        if target.is_dir():
            raise BadInput(_("{path} is a folder; give the name of a file").format(path=target))
        if target.exists() and not llama.is_gguf(target):
            raise BadInput(_("{path} exists and is no GGUF file; choose another name").format(path=target))
        if not target.parent.is_dir():
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BadInput(
                    _("{path} cannot be made: {reason}").format(path=target.parent, reason=error.strerror)
                ) from error
        return target


def _mixed(write: Callable[[Path, str, str], list[str]], path: Path, storage: str) -> None:
    """llama.cpp quantises from an F32 file; the detour is removed whatever happens."""
    whole = path.with_name(path.name + ".f32")
    try:
        write(whole, "F32", "F32")
        llama.quantize(whole, path, storage)
    finally:
        whole.unlink(missing_ok=True)


class _Writer:
    """Writes one model; called once for each storage."""

    def __init__(
        self, *, source: Source, vocabulary: Vocabulary, name: str, licence: str, report: Report
    ) -> None:
        self._source = source
        self._vocabulary = vocabulary
        self._name = name
        self._licence = licence
        self._report = report

    def __call__(self, path: Path, storage: str, fallback: str) -> list[str]:
        """Write the file; returns notes about tensors that did not fit."""
        import gguf

        logging.getLogger("gguf").setLevel(logging.ERROR)
        config = self._source.config
        plan = [(tensor, layout.plain_type(tensor, storage, fallback)) for tensor in layout.tensors(config)]
        writer = gguf.GGUFWriter(None, layout.architecture(config))
        try:
            self._metadata(writer, storage)
            for tensor, kind in plan:
                writer.add_tensor_info(
                    tensor.theirs,
                    tensor.shape,
                    np.dtype(np.float32),
                    layout.nbytes(tensor, kind),
                    raw_dtype=gguf.GGMLQuantizationType[kind],
                )
            writer.write_header_to_file(path)
            writer.write_kv_data_to_file()
            writer.write_ti_data_to_file()
            total, done = sum(tensor.count * 4 for tensor, _kind in plan), 0
            for tensor, kind in plan:
                numbers = _paired(self._source.weights[tensor.ours], tensor)
                writer.write_tensor_data(gguf.quants.quantize(numbers, gguf.GGMLQuantizationType[kind]))
                done += tensor.count * 4
                self._report(done, total)
        finally:
            writer.close()
        return _fallback_note(plan, storage, fallback)

    def _metadata(self, writer: Any, storage: str) -> None:
        config, words = self._source.config, self._vocabulary
        writer.add_type("model")
        writer.add_name(self._name)
        writer.add_license(self._licence or self._source.licence or "unknown")
        writer.add_size_label(_size_label(sum(tensor.count for tensor in layout.tensors(config))))
        writer.add_file_type(_FILE_TYPES[storage])
        writer.add_quantization_version(2)
        writer.add_vocab_size(config.vocab_size)
        writer.add_context_length(config.max_positions)
        writer.add_embedding_length(config.dim)
        writer.add_block_count(config.num_layers)
        writer.add_feed_forward_length(config.ffn_dim)
        writer.add_head_count(config.num_heads)
        writer.add_head_count_kv(config.num_kv_heads)
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
        writer.add_layer_norm_rms_eps(config.norm_eps)
        writer.add_rope_dimension_count(config.head_dim)
        writer.add_rope_freq_base(config.rope_theta)
        writer.add_string("minimind.method", self._source.method)
        writer.add_uint32("minimind.seq_len", self._source.seq_len)
        writer.add_tokenizer_model("gpt2")
        # the pre-tokenizer whose splits equal those of `tokenizers`' ByteLevel
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list(words.tokens)
        writer.add_token_types([int(kind) for kind in words.kinds])
        if words.merges:
            writer.add_token_merges(words.merges)
        for add, value in (
            (writer.add_bos_token_id, words.bos),
            (writer.add_eos_token_id, words.eos),
            (writer.add_pad_token_id, words.pad),
        ):
            if value is not None:
                add(value)
        writer.add_add_bos_token(False)
        writer.add_add_eos_token(False)
        if words.template:
            writer.add_chat_template(words.template)


def _paired(numbers: npt.NDArray[np.float32], tensor: layout.Tensor) -> npt.NDArray[np.float32]:
    """Rows of a head from (half, pair) to (pair, half): llama.cpp's `llama` turns neighbours."""
    if not tensor.heads:
        return numbers
    rows, columns = tensor.shape
    halves = numbers.reshape(tensor.heads, 2, rows // tensor.heads // 2, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(rows, columns)


def _fallback_note(plan: list[tuple[layout.Tensor, str]], storage: str, fallback: str) -> list[str]:
    misfits = [tensor for tensor, kind in plan if kind == fallback != storage and len(tensor.shape) > 1]
    if not misfits:
        return []
    return [
        _(
            "{count} of {total} tensors have rows that {storage} cannot hold; they are stored as {fallback}."
        ).format(count=len(misfits), total=len(plan), storage=storage, fallback=fallback)
    ]


def _size_label(parameters: int) -> str:
    return f"{parameters / 1e6:.0f}M" if parameters >= 1e6 else f"{parameters / 1e3:.0f}K"
