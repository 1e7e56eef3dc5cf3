"""The tables, and how an older index becomes the present one: one entry of MIGRATIONS a version."""

from __future__ import annotations

# columns of `steps` beside run, step, t; whatever else a method reports lies in `extra` as a JSON object
STEP_COLUMNS = ("loss", "lr", "grad_norm", "tokens_per_s", "tokens", "memory_bytes", "eta_s")

# entry n brings version n to n + 1, in one transaction; never edit one that has been released
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # folder: relative to the projects folder. summary: the fold of the events, view: what the other files
        # of the run folder said last, both JSON. The cursors say how far its two append-only files were read.
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            folder TEXT NOT NULL UNIQUE,
            run_id TEXT NOT NULL UNIQUE,
            job TEXT,
            summary TEXT NOT NULL DEFAULT '{}',
            view TEXT NOT NULL DEFAULT '{}',
            events_offset INTEGER NOT NULL DEFAULT 0,
            events_head TEXT NOT NULL DEFAULT '',
            events_tail TEXT NOT NULL DEFAULT '',
            events_attempt INTEGER NOT NULL DEFAULT 0,
            hardware_offset INTEGER NOT NULL DEFAULT 0,
            hardware_head TEXT NOT NULL DEFAULT '',
            hardware_tail TEXT NOT NULL DEFAULT ''
        ) STRICT
        """,
        # one row a step by its key: no reading order can double a point of the curve
        f"""
        CREATE TABLE steps (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            step INTEGER NOT NULL,
            t REAL NOT NULL,
            {", ".join(f"{name} REAL" for name in STEP_COLUMNS)},
            extra TEXT,
            PRIMARY KEY (run, step)
        ) STRICT, WITHOUT ROWID
        """,
        # every other kind but progress; pos: where its line begins in the file
        """
        CREATE TABLE events (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            pos INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            t REAL NOT NULL,
            kind TEXT NOT NULL,
            step INTEGER,
            body TEXT NOT NULL,
            PRIMARY KEY (run, pos)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX events_by_kind ON events (run, kind, step)",
        """
        CREATE TABLE phases (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            attempt INTEGER NOT NULL,
            number INTEGER NOT NULL,
            phase TEXT NOT NULL,
            began REAL NOT NULL,
            ended REAL NOT NULL,
            done REAL NOT NULL,
            total REAL,
            unit TEXT NOT NULL,
            PRIMARY KEY (run, number)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE hardware (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            pos INTEGER NOT NULL,
            t REAL NOT NULL,
            lanes TEXT NOT NULL,
            PRIMARY KEY (run, pos)
        ) STRICT, WITHOUT ROWID
        """,
    ),
)
