"""What stops a command from outside, in words: a file, a folder, a database, a setting. Mistakes of ours keep their traceback."""

from __future__ import annotations

# Where nothing else is known, an address may stand in an error's text, and with it a password: so only its kind is told.
_DATABASE = (
    "データベースを使えませんでした（{cause}）。始めていたことは取り消され、前からある記録はそのままです。データベースが動いているか、"
    "アドレス（`madoguchi settings`）が正しいか、`madoguchi prepare` を済ませたかを確かめて、もう一度実行してください。"
)
_FILE = (
    "{path} を使えませんでした（{cause}）。前からある記録はそのままです。場所と権限と空き容量（`madoguchi doctor`）を確かめて、"
    "もう一度実行してください。"
)


def in_words(failure: Exception) -> str | None:
    """What a person can do about a failure that comes from outside.

    :returns: one paragraph in Japanese, without the values a statement carried; None for what is no such failure.
    """
    import psycopg
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from portal.settings import SettingsError

    origin = failure.orig if isinstance(failure, DBAPIError) else failure
    if isinstance(failure, SettingsError):
        return str(failure)
    if isinstance(origin, psycopg.OperationalError | psycopg.errors.UndefinedTable | ArgumentError):
        return _DATABASE.format(cause=type(origin).__name__)
    # A connection string that cannot be read; an error of the server itself has a state.
    if isinstance(origin, psycopg.ProgrammingError) and origin.sqlstate is None:
        return _DATABASE.format(cause=type(origin).__name__)
    if isinstance(failure, FileNotFoundError) and failure.filename is None:
        return str(failure)
    if isinstance(failure, OSError) and failure.filename is not None:
        return _FILE.format(path=failure.filename, cause=failure.strerror)
    return None
