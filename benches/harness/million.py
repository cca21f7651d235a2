"""A million sessions, written by the database itself: as the service would have left them, without their media."""

import sqlite3
from pathlib import Path

# When the first session was opened, and how far apart the others follow.
START_MS = 1_780_000_000_000
APART_MS = 20_000
# Every so many sessions belongs to another project, failed, is open, was decided.
OTHERS, FAILED, OPEN, DECIDED = 10, 1_000, 20, 7

# UUIDs of version 7: their time in front, so that they sort by it; two letters of the tail tell the kinds of row apart.
ID = "printf('%08x-%04x-7000-8{kind}-%012x', ({start} + n * {apart}) >> 16, ({start} + n * {apart}) & 65535, n)"
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {most})"

ROWS = {
    "sessions (id, project_id, status, origin, subject_name, metadata, created_at, updated_at)": """
        SELECT {session}, CASE WHEN n % {others} = 0 THEN :other ELSE :project END,
               CASE WHEN n % {failed} = 3 THEN 'failed' WHEN n % {open} = 7 THEN 'open' ELSE 'judged' END,
               'native', 'Alpha Specimen', '{{"branch": "a"}}', {start} + n * {apart}, {start} + n * {apart} + 5000
        FROM numbers""",
    "examinations (id, session_id, project_id, status, order_json, queued_at, finished_at, attempts, report_json, scope, outcome)": """
        SELECT {examination}, {session}, CASE WHEN n % {others} = 0 THEN :other ELSE :project END, 'done', '{{}}',
               {start} + n * {apart} + 1000, {start} + n * {apart} + 5000, 1, printf('%.*c', 500, 'x'), 'everything', 'pass'
        FROM numbers WHERE n % {open} <> 7""",
    "evidence (id, session_id, kind, blob, sha256, bytes, media_type, received_at)": """
        SELECT {evidence}, {session}, 'video', 'none', printf('%064x', n), 1000000, 'video/mp4', {start} + n * {apart} + 500
        FROM numbers""",
    "decisions (id, session_id, project_id, examination_id, kind, reasons, actor, at)": """
        SELECT {decision}, {session}, :project, {examination}, 'approve', '[]', 'operator', {start} + n * {apart} + 9000
        FROM numbers WHERE n % {decided} = 2 AND n % {others} <> 0 AND n % {open} <> 7""",
}


def session_id(number: int) -> str:
    """The identifier of a session as the API words it."""
    moment = START_MS + number * APART_MS
    return f"sess_{moment >> 16:08x}-{moment & 65535:04x}-7000-8a00-{number:012x}"


def fill(database: Path, sessions: int, project: str, other: str) -> None:
    """Writes the rows into an SQLite database that the service has made, for two projects known by their names."""
    with sqlite3.connect(database) as connection:
        ids = dict(connection.execute("SELECT name, id FROM projects"))
        names = {"start": START_MS, "apart": APART_MS, "others": OTHERS, "failed": FAILED, "open": OPEN, "decided": DECIDED}
        kinds = {"session": "a00", "examination": "b00", "evidence": "c00", "decision": "d00"}
        names |= {name: ID.format(kind=kind, start=START_MS, apart=APART_MS) for name, kind in kinds.items()}
        for table, rows in ROWS.items():
            numbers = NUMBERS.format(most=sessions - 1)
            connection.execute(f"INSERT INTO {table} {numbers} {rows.format(**names)}", {"project": ids[project], "other": ids[other]})
        connection.execute("ANALYZE")
    connection.close()
