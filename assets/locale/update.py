"""Collect the strings of both packages into the zh catalogue, add translations, compile it.

python assets/locale/update.py                  collect, compile, list what has no translation
python assets/locale/update.py --add FILE.json  first merge {"English": "中文", …} into the catalogue
python assets/locale/update.py --check          change nothing; exit 1 if something is missing or old
"""

from __future__ import annotations

import argparse
import fcntl
import io
import json
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "assets" / "locale" / "zh" / "LC_MESSAGES"
PO, MO = FOLDER / "minimind.po", FOLDER / "minimind.mo"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def collect() -> dict[str | tuple[str, str], list[tuple[str, int]]]:
    """Every marked string with the places that use it."""
    found: dict[str | tuple[str, str], list[tuple[str, int]]] = {}
    for package in ("minimind", "studio"):
        rows = extract_from_dir(ROOT / package, [("**.py", "python")], keywords=KEYWORDS)
        for name, line, message, _comments, _context in rows:
            if message:
                found.setdefault(message, []).append((f"{package}/{name}", line))
    return found


def load() -> Catalog:
    """The catalogue as it lies on disk, or an empty one."""
    if PO.exists():
        with PO.open("rb") as file:
            return read_po(file, locale="zh")
    return Catalog(locale="zh", project="MiniMind Studio", charset="utf-8")


def merged(added: dict[str, str]) -> Catalog:
    """A fresh catalogue: the strings in use, with the translations known so far."""
    old, fresh = load(), Catalog(locale="zh", project="MiniMind Studio", charset="utf-8")
    fresh.revision_date = fresh.creation_date = old.creation_date
    for message, places in sorted(collect().items(), key=lambda item: str(item[0])):
        key = message[0] if isinstance(message, tuple) else message
        before = old.get(key)
        translation = added.get(key) or (before.string if before else "")
        if isinstance(message, tuple) and not isinstance(translation, tuple):
            translation = (translation,)
        # the file only, no line: else each edit of the code would change the catalogue
        fresh.add(message, translation, locations=[(name, 0) for name in sorted({n for n, _ in places})])
    # translations of strings not in the code yet are kept: several people may be at work
    for message in old:
        if message.id and message.string and fresh.get(message.id) is None:
            key = message.id[0] if isinstance(message.id, tuple) else message.id
            fresh.add(message.id, added.get(key, message.string))
    for key, text in added.items():
        if fresh.get(key) is None:
            fresh.add(key, text)
    return fresh


def render(catalog: Catalog) -> tuple[bytes, bytes]:
    """The bytes of the .po and the .mo file."""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalog, width=110, include_lineno=False, sort_output=True)
    write_mo(mo, catalog)
    return po.getvalue(), mo.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    """Strings in use without a zh text."""
    used = {m[0] if isinstance(m, tuple) else m for m in collect()}
    return [
        str(m.id)
        for m in catalog
        if m.id
        and (m.id[0] if isinstance(m.id, tuple) else m.id) in used
        and not (m.string[0] if isinstance(m.string, tuple) else m.string)
    ]


def main() -> int:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--add", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        added = json.loads(options.add.read_text("utf-8")) if options.add else {}
        catalog = merged(added)
        missing = untranslated(catalog)
        po, mo = render(catalog)
        if options.check:
            old = not MO.exists() or MO.read_bytes() != mo
            for text in missing:
                print(f"no zh text: {text!r}")
            if old:
                print("the catalogue is older than the code: run python assets/locale/update.py")
            return int(bool(missing) or old)
        PO.write_bytes(po)
        MO.write_bytes(mo)
    for text in missing:
        print(f"no zh text: {text!r}")
    print(f"{len(catalog)} strings, {len(missing)} without a zh text")
    return 0


if __name__ == "__main__":
    sys.exit(main())
