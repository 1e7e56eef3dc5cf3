"""From files to micro-batches. Only `batch` and `loader` import torch.

formats.check(path, needs=None) -> CheckReport           kind, encoding, rows, usable, skipped, problems
formats.open_source(path, needs=None) -> Source          .kind .size .position; iterate: Row | Problem
preview.preview(path, tokenizer, row) -> Preview         what is trained, piece by piece
cache.prepare(path, tokenizer, *, needs, progress=None, cancelled=None) -> TokenCache
    tokens T, doc_offsets D+1, doc_hash D, doc_bytes D, doc_line D, span_starts/span_ends S (chat, else None)
    .documents .num_tokens .kind .source .content_hash .key .skipped (Problems) .skipped_count
split.held_out(caches) -> list[int64 array]              document numbers of each cache, sorted
split.evaluation_batches(caches, documents, seq_len) -> windows, every token but bos once
packing.pack(...)                                        pure function of (caches, seed, epoch, seq_len)
loader.Loader(caches, weights, *, seed, seq_len, rows_per_step, micro_batch, rank=0, world=1, exclude=None)
    .next_step() -> list[Batch]                          the micro-batches of one update, for this rank
    .state() -> dict  .load_state(dict)                  position as (epoch, block, row)
    .rows_per_epoch() -> int  .tokens_per_epoch() -> int
"""
