"""Jinja for the pages: one environment for each language, so that texts, dates and macros know theirs without asking.

Plain Jinja instead of pyramid_jinja2, because the latter renames relative imports and so breaks the loader that
govuk-frontend-jinja needs. Compiled templates are shared between the environments and kept for the life of the process.
"""

from __future__ import annotations

import io
from collections.abc import MutableMapping
from functools import cache, partial
from typing import Any

from jinja2 import (
    BaseLoader,
    BytecodeCache,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    Undefined,
)
from jinja2.bccache import Bucket
from jinja2.runtime import StrictUndefined
from jinja2.utils import missing
from markupsafe import Markup, escape
from pyramid.config import Configurator
from pyramid.csrf import get_csrf_token
from pyramid.request import Request

from portal.web import dates
from portal.web.assets import asset
from portal.web.language import HTML_LANGUAGE, LANGUAGES, texts
from portal.web.permissions import identity_permits


class Lenient(Undefined):
    """A key that a dictionary lacks: the component macros ask for many optional ones."""


def careful(hint: Any = None, obj: Any = missing, name: Any = None, exc: Any = None) -> Undefined:
    """Undefined values: strict for names and attributes of our own objects, lenient for keys of a dictionary.

    The component macros also write the bare names ``undefined`` and ``null`` where they mean nothing.
    """
    optional = isinstance(obj, dict | Undefined) or name in ("caller", "undefined", "null")
    kind = Lenient if optional else StrictUndefined
    return kind(hint, obj, name) if exc is None else kind(hint, obj, name, exc)


class _Strict(StrictUndefined):
    """Chooses by what was asked for; jinja2 wants a class here."""

    def __new__(cls, hint: Any = None, obj: Any = missing, name: Any = None, exc: Any = None) -> Any:
        return careful(hint, obj, name, exc)


class SharedBytecode(BytecodeCache):
    """Compiled templates in memory, common to the environments of one process."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give an environment what another compiled."""
        if bucket.key in self._compiled:
            bucket.load_bytecode(io.BytesIO(self._compiled[bucket.key]))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was just compiled."""
        file = io.BytesIO()
        bucket.write_bytecode(file)
        self._compiled[bucket.key] = file.getvalue()


BYTECODE = SharedBytecode()


def loader() -> BaseLoader:
    """Our templates first, the component macros under their package's name."""
    macros = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    return ChoiceLoader([PackageLoader("templates", ""), macros])


def csrf_field(request: Request) -> Markup:
    """The hidden field that every form with method=post must carry."""
    token = escape(get_csrf_token(request))
    return Markup(f'<input type="hidden" name="csrf_token" value="{token}">')  # noqa: S704


def permitted(request: Request, permission: str) -> bool:
    """Whether the person at the counter may; pages show only what leads somewhere."""
    return identity_permits(request.identity, None, permission)


class SteadyEnvironment(Environment):
    """Templates see the globals themselves. Jinja would lay an empty map over them for each template and walk through both for
    each page and each import; ours are never given globals of their own."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of a template."""
        return self.globals if d is None else super().make_globals(d)


class Parts:
    """Pieces of a page that depend on a few choices only: rendered once for each, then a string.

    :param environment: of one language.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._rendered: dict[tuple[Any, ...], Markup] = {}

    def __call__(self, name: str, *choices: Any) -> Markup:
        """The piece; its template sees the choices as ``choices``. They must come from small fixed sets."""
        key = (name, *choices)
        found = self._rendered.get(key)
        if found is None:
            html = self._environment.get_template(name).render(choices=choices)
            found = self._rendered[key] = Markup(html)  # noqa: S704 - the output of an escaping template
        return found


@cache
def environment(language: str, ruby: bool) -> Environment:
    """The environment of one language; its templates never change while the process lives."""
    known = texts(language, ruby)
    made = SteadyEnvironment(
        loader=loader(),
        autoescape=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=BYTECODE,
        undefined=_Strict,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.globals.update(
        _=known.marked,
        t=known.plain,
        language=language,
        html_language=HTML_LANGUAGE[language],
        languages=LANGUAGES,
        ruby=known.ruby,
        asset=asset,
        csrf_field=csrf_field,
        permitted=permitted,
        date_words=partial(dates.date_words, language=language),
        time_words=partial(dates.time_words, language=language),
        stamp=dates.stamp,
        iso=dates.iso,
        part=Parts(made),
    )
    return made


def render(name: str, request: Request, /, **values: Any) -> str:
    """A template as text, in the language of the request."""
    return environment(*request.display).get_template(name).render(request=request, **values)


class Renderer:
    """What ``renderer="…jinja2"`` of a view resolves to."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, value: dict[str, Any], system: dict[str, Any]) -> str:
        return render(self.name, system["request"], **value)


def includeme(config: Configurator) -> None:
    """Register the renderer for ``.jinja2``."""
    config.add_renderer(".jinja2", lambda info: Renderer(info.name))
    config.add_renderer(".html", lambda info: Renderer(info.name))
