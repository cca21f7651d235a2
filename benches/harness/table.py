"""Turns the parts' rows into the table that is printed, as aligned text or as Markdown."""

HEAD = ("line", "what", "likeness", "reference", "ratio", "goal", "")


def lines(results: list[dict], markdown: bool = False) -> list[str]:
    """The rows of all results by the line of the list that they answer, then what could not be measured."""
    rows = sorted((row for result in results for row in result.get("rows", [])), key=lambda row: row["line"])
    cells = [HEAD, *(row_cells(row) for row in rows)]
    shown = markdown_lines(cells) if markdown else aligned_lines(cells)
    return shown + [missing for result in results if (missing := unmeasured(result))]


def row_cells(row: dict) -> tuple[str, ...]:
    ratio = row.get("ratio")
    return (
        str(row["line"]),
        row["what"],
        quantity(row["likeness"], row["unit"]),
        f"{quantity(row.get('reference'), row['unit'])} {row.get('reference_name', '')}".rstrip(),
        "–" if ratio is None else f"{ratio:.2f}",
        row.get("goal", ""),
        {True: "met", False: "missed", None: ""}[row.get("met")],
    )


def quantity(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{number(value)} {unit}".rstrip()


def number(value: float) -> str:
    """Three figures, and all of them where there are more before the point."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    digits = 2 if abs(value) >= 1 else 3
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.{digits}f}"


def unmeasured(result: dict) -> str:
    why = result.get("not_measured")
    return f"not measured: {result['part']} (lines {', '.join(map(str, result['lines']))}): {why}" if why else ""


def aligned_lines(cells: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells)]
    numeric = {0, 4}
    return [
        "  ".join(cell.rjust(width) if at in numeric else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in cells
    ]


def markdown_lines(cells: list[tuple[str, ...]]) -> list[str]:
    head, *rows = [f"| {' | '.join(row)} |" for row in cells]
    return [head, "|" + "---|" * len(cells[0]), *rows, ""]
