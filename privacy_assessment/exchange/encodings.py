"""Text of a file in whatever encoding the office that made it used."""

from __future__ import annotations

from privacy_assessment.exchange.package import BadFile

# Some two million Japanese characters, twenty times the longest statement.
MAX_BYTES = 6_000_000
ENCODINGS = ("utf-8-sig", "cp932", "euc_jp")


def decode(data: bytes) -> tuple[str, list[int]]:
    """Text of a file in any of the usual encodings, line by line when they are mixed.

    :returns: the text, and the numbers (from 1) of lines that could not be read whole; those hold U+FFFD.
    :raises BadFile: too large, or not a text.
    """
    if len(data) > MAX_BYTES:
        raise BadFile("TOO_LARGE", "文章が大きすぎます（6MBまで）。様式の項目だけにして送ってください。")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), []
    if b"\x00" in data:
        raise BadFile("NOT_TEXT", "文章のファイルではありません。")
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding), []
        except UnicodeDecodeError:
            continue
    lines, doubtful = [], []
    for number, line in enumerate(data.split(b"\n"), 1):
        for encoding in ENCODINGS:
            try:
                lines.append(line.decode(encoding))
                break
            except UnicodeDecodeError:
                continue
        else:
            lines.append(line.decode("utf-8", "replace"))
            doubtful.append(number)
    return "\n".join(lines), doubtful
