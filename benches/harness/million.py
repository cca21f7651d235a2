"""A million sessions, written by the database itself: as the service would have left them, without their media."""

import sqlite3
from pathlib import Path

# When the first session was opened, and how far apart the others follow.
START_MS = 1_780_000_000_000
APART_MS = 20_000
# Every so many sessions belongs to another project, failed, is open, was decided.
OTHERS, FAILED, OPEN, DECIDED = 10, 1_000, 20, 7

# What the two databases word differently.
SQLITE = {"hex": "printf('%0{width}x', {value})", "filler": "replace(hex(zeroblob(250)), '0', 'x')"}
POSTGRES = {"hex": "lpad(to_hex({value}), {width}, '0')", "filler": "repeat('x', 500)"}

ROWS = {
    "sessions (id, project_id, status, origin, subject_name, metadata, created_at, updated_at)": """
        SELECT {session}, CASE WHEN n % {others} = 0 THEN '{other}' ELSE '{project}' END,
               CASE WHEN n % {failed} = 3 THEN 'failed' WHEN n % {open} = 7 THEN 'open' ELSE 'judged' END,
               'native', 'Alpha Specimen', '{{"branch": "a"}}', {moment}, {moment} + 5000
        FROM numbers""",
    "examinations (id, session_id, project_id, status, order_json, queued_at, finished_at, attempts, report_json, scope, outcome)": """
        SELECT {examination}, {session}, CASE WHEN n % {others} = 0 THEN '{other}' ELSE '{project}' END, 'done', '{{}}',
               {moment} + 1000, {moment} + 5000, 1, {filler}, 'everything', 'pass'
        FROM numbers WHERE n % {open} <> 7""",
    "evidence (id, session_id, kind, blob, sha256, bytes, media_type, received_at)": """
        SELECT {evidence}, {session}, 'video', 'none', {sha256}, 1000000, 'video/mp4', {moment} + 500
        FROM numbers""",
    "decisions (id, session_id, project_id, examination_id, kind, reasons, actor, at)": """
        SELECT {decision}, {session}, '{project}', {examination}, 'approve', '[]', 'operator', {moment} + 9000
        FROM numbers WHERE n % {decided} = 2 AND n % {others} <> 0 AND n % {open} <> 7""",
}


def session_id(number: int) -> str:
    """The identifier of a session as the API words it."""
    moment = START_MS + number * APART_MS
    return f"sess_{moment >> 16:08x}-{moment & 65535:04x}-7000-8a00-{number:012x}"


def statements(words: dict[str, str], sessions: int, project: str, other: str) -> list[str]:
    """The inserts, for two projects known by their identifiers."""
    moment = f"({START_MS} + n * {APART_MS})"

    def hexadecimal(value: str, width: int) -> str:
        return words["hex"].format(value=value, width=width)

    def identifier(kind: str) -> str:
        """A UUID of version 7: its time in front, so that it sorts by it; `kind` tells the tables apart."""
        parts = [hexadecimal(f"{moment} >> 16", 8), hexadecimal(f"{moment} & 65535", 4), f"'7000-8{kind}'", hexadecimal("n", 12)]
        return " || '-' || ".join(parts)

    names = {"others": OTHERS, "failed": FAILED, "open": OPEN, "decided": DECIDED, "moment": moment, "project": project, "other": other}
    names |= {"filler": words["filler"], "sha256": hexadecimal("n", 64)}
    names |= {"session": identifier("a00"), "examination": identifier("b00"), "evidence": identifier("c00"), "decision": identifier("d00")}
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < {most})"
    return [f"INSERT INTO {table} {numbers.format(most=sessions - 1)} {rows.format(**names)}" for table, rows in ROWS.items()]


def fill(connection, words: dict[str, str], sessions: int, project: str, other: str) -> None:
    """Writes the rows into a database that the service has made, for two projects known by their names."""
    cursor = connection.cursor()
    cursor.execute("SELECT name, id FROM projects")
    ids = dict(cursor.fetchall())
    for statement in statements(words, sessions, ids[project], ids[other]):
        cursor.execute(statement)
    cursor.execute("ANALYZE")
    connection.commit()


def fill_sqlite(database: Path, sessions: int, project: str, other: str) -> None:
    connection = sqlite3.connect(database)
    fill(connection, SQLITE, sessions, project, other)
    connection.close()


class Schema:
    """A schema of a PostgreSQL database, which goes away again."""

    NAME = "likeness_bench"

    def __init__(self, url: str):
        import psycopg

        self.connection = psycopg.connect(url)
        join = "&" if "?" in url else "?"
        # As the service's own driver wants a schema named.
        self.url = f"{url}{join}options[search_path]={self.NAME}"

    def __enter__(self) -> "Schema":
        self.run(f"DROP SCHEMA IF EXISTS {self.NAME} CASCADE", f"CREATE SCHEMA {self.NAME}", f"SET search_path TO {self.NAME}")
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.rollback()
        self.run(f"DROP SCHEMA {self.NAME} CASCADE")
        self.connection.close()

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.connection.execute(statement)
        self.connection.commit()
