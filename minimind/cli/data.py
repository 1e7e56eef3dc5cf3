"""`data`: check, preview, stats, prepare and convert data files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minimind.assets import BUNDLED_TOKENIZER
from minimind.cli import print_json
from minimind.errors import BadInput
from minimind.text import _

if TYPE_CHECKING:
    from minimind.data.cache import TokenCache
    from minimind.data.formats import CheckReport
    from minimind.data.preview import Preview
    from minimind.tokenizer.tokenizer import Tokenizer

KINDS = ("text", "chat", "preferences", "prompts")
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `data`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=type(parser))
    check = actions.add_parser("check", help="count usable rows and name the others with their lines")
    check.add_argument("files", nargs="+", metavar="FILE")
    preview = actions.add_parser("preview", help="show rows as the model is trained on them")
    preview.add_argument("files", nargs=1, metavar="FILE")
    preview.add_argument("--row", type=int, default=1, metavar="N", help="first row to show, from 1")
    preview.add_argument("--count", type=int, default=3, metavar="N", help="how many rows (3)")
    stats = actions.add_parser("stats", help="tokens, lengths and repeats")
    stats.add_argument("files", nargs="+", metavar="FILE")
    prepare = actions.add_parser("prepare", help="tokenise now, so that a training starts at once")
    prepare.add_argument("files", nargs="+", metavar="FILE")
    convert = actions.add_parser("convert", help="write the usable rows as JSON Lines in MiniMind's spelling")
    convert.add_argument("files", nargs=1, metavar="FILE")
    convert.add_argument("--out", required=True, metavar="FILE", help="a file that does not exist yet")
    for action in (check, preview, stats, prepare, convert):
        needs = KINDS if action in (check, preview, convert) else KINDS[:2]
        action.add_argument("--needs", choices=needs, help="the kind of rows to read; else the most frequent")
        action.add_argument("--json", action="store_true", help="end with one JSON object")
    for action in (preview, stats, prepare):
        action.add_argument("--tokenizer", metavar="FOLDER", help="instead of the bundled one")


def run(options: argparse.Namespace) -> int:
    """Do what was asked."""
    actions = {
        "check": _check,
        "preview": _preview,
        "stats": _stats,
        "prepare": _prepare,
        "convert": _convert,
    }
    return actions[options.action](options)


def _several(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """One file: its own object. Several: the sums, and the objects in `files`."""
    if len(entries) == 1:
        return entries[0]
    sums = {
        key: sum(entry[key] for entry in entries)
        for key, value in entries[0].items()
        if isinstance(value, int) and not isinstance(value, bool)
    }
    return {**sums, "files": entries}


# --- check ------------------------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    from minimind.data.formats import check
    from minimind.data.problems import no_usable_row

    entries: list[dict[str, Any]] = []
    refused: list[BadInput] = []
    for name in options.files:
        path = Path(name)
        try:
            report = check(path, options.needs)
        except BadInput as error:
            refused.append(error)
            entries.append(_unreadable(path, error))
            continue
        entries.append(report.to_json())
        if not options.json:
            _print_report(report)
        if not report.usable:
            first = report.problems[0] if report.problems else None
            refused.append(no_usable_row(path, options.needs, first))
    if options.json:
        print_json(_checked(entries))
    if refused:
        raise refused[0]
    return 0


def _unreadable(path: Path, error: BadInput) -> dict[str, Any]:
    line = error.params.get("line", 1)
    problem = {"line": line, "message": str(error), "code": error.code}
    counts = {"rows": 0, "usable": 0, "skipped": 0}
    return {"file": str(path), "kind": None, "encoding": None, **counts, "problems": [problem], "notes": []}


def _checked(entries: list[dict[str, Any]]) -> dict[str, Any]:
    if len(entries) == 1:
        return entries[0]
    kinds, encodings = ({entry[key] for entry in entries} for key in ("kind", "encoding"))
    return {
        "kind": kinds.pop() if len(kinds) == 1 else "mixed",
        "encoding": encodings.pop() if len(encodings) == 1 else "mixed",
        **{key: sum(entry[key] for entry in entries) for key in ("rows", "usable", "skipped")},
        "problems": [{**problem, "file": e["file"]} for e in entries for problem in e["problems"]],
        "files": entries,
    }


def _print_report(report: CheckReport) -> None:
    print(
        _("{file}: {kind}, {encoding}, {usable} of {rows} rows usable").format(
            file=report.path.name,
            kind=report.kind,
            encoding=report.encoding,
            usable=report.usable,
            rows=report.rows,
        )
    )
    shown = [*report.problems[:SHOWN], *report.notes[: SHOWN // 4]]
    for problem in shown:
        print(
            _("  {file}, line {line}: {reason}").format(
                file=report.path.name, line=problem.line, reason=problem.message
            )
        )
    more = report.skipped - min(report.skipped, SHOWN)
    if more > 0:
        print(_("  … and {count} more rows").format(count=more))


# --- preview, stats, prepare, convert ---------------------------------------------------------------------


def _tokenizer(options: argparse.Namespace) -> Tokenizer:
    from minimind.tokenizer.tokenizer import Tokenizer

    return Tokenizer.load(Path(options.tokenizer) if options.tokenizer else BUNDLED_TOKENIZER)


def _preview(options: argparse.Namespace) -> int:
    from minimind.data.preview import previews

    path = Path(options.files[0])
    shown = previews(path, _tokenizer(options), options.row, max(1, options.count), options.needs)
    if not shown:
        raise BadInput(_("{file} has no row {row}.").format(file=path.name, row=options.row), code="no_row")
    if options.json:
        print_json({"file": str(path), "rows": [_preview_json(row) for row in shown]})
        return 0
    for row in shown:
        print(
            _("line {line}: {tokens} tokens, {trained} of them trained (between ⟦ and ⟧)").format(
                line=row.line, tokens=row.num_tokens, trained=row.num_trained
            )
        )
        print(_marked(row), end="\n\n")
    return 0


def _preview_json(row: Preview) -> dict[str, Any]:
    pieces = [
        {"ids": list(piece.ids), "text": piece.text, "special": piece.special, "trained": piece.trained}
        for piece in row.pieces
    ]
    counts = {"tokens": row.num_tokens, "trained": row.num_trained}
    return {"line": row.line, "kind": row.kind, **counts, "raw": row.raw, "pieces": pieces}


def _marked(row: Preview) -> str:
    parts: list[str] = []
    inside = False
    for piece in row.pieces:
        if piece.trained != inside:
            parts.append("⟦" if piece.trained else "⟧")
            inside = piece.trained
        parts.append(piece.text)
    return "".join(parts) + ("⟧" if inside else "")


def _cache_of(name: str, options: argparse.Namespace, tokenizer: Tokenizer) -> TokenCache:
    from minimind.data.cache import prepare
    from minimind.data.formats import open_source

    path = Path(name)
    needs = options.needs or open_source(path).kind
    if needs not in KINDS[:2]:
        raise BadInput(
            _("{file} holds {kind}; tokens are counted for text and conversations only.").format(
                file=path.name, kind=needs
            )
        )

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{name} {done / max(1, total):4.0%}", end="" if done < total else "\n", file=sys.stderr)

    return prepare(path, tokenizer, needs=needs, progress=progress)


def _stats(options: argparse.Namespace) -> int:
    from minimind.data.stats import stats_of

    tokenizer = _tokenizer(options)
    entries = []
    for name in options.files:
        cache = _cache_of(name, options, tokenizer)
        stats = stats_of(cache)
        entries.append({"file": name, "kind": cache.kind, **stats.to_json(), "skipped": cache.skipped_count})
        if options.json:
            continue
        print(
            _(
                "{file}: {documents} documents, {tokens} tokens, {labels} of them trained, {repeats} repeats"
            ).format(
                file=name,
                documents=stats.documents,
                tokens=stats.tokens,
                labels=stats.labels,
                repeats=stats.repeats,
            )
        )
        most = max(1, *(count for _low, _high, count in stats.histogram))
        for low, high, count in stats.histogram:
            print(f"  {low:>6}–{high:<6} {count:>8} {'█' * round(40 * count / most)}")
    if options.json:
        print_json(_several(entries))
    return 0


def _prepare(options: argparse.Namespace) -> int:
    tokenizer = _tokenizer(options)
    entries = []
    for name in options.files:
        cache = _cache_of(name, options, tokenizer)
        entries.append(
            {
                "file": name,
                "kind": cache.kind,
                "documents": cache.documents,
                "tokens": cache.num_tokens,
                "labels": cache.num_labels,
                "skipped": cache.skipped_count,
                "cache": str(cache.folder),
            }
        )
        if not options.json:
            print(
                _("{file}: {documents} documents, {tokens} tokens, {skipped} rows skipped").format(
                    file=name,
                    documents=cache.documents,
                    tokens=cache.num_tokens,
                    skipped=cache.skipped_count,
                )
            )
    if options.json:
        print_json(_several(entries))
    return 0


def _convert(options: argparse.Namespace) -> int:
    from minimind.data.convert import convert_file
    from minimind.data.fields import convert_fields, fields_of, is_table

    path = Path(options.files[0])
    mapping = fields_of(path).guess() if is_table(path) else None
    if mapping is not None and mapping.is_whole:
        report = convert_fields(path, Path(options.out), mapping)
    else:
        report = convert_file(path, Path(options.out), options.needs)
    if options.json:
        print_json({**report.to_json(), "out": str(Path(options.out).resolve())})
    else:
        print(
            _("{out}: {usable} rows written, {skipped} left out").format(
                out=options.out, usable=report.usable, skipped=report.skipped
            )
        )
    return 0
