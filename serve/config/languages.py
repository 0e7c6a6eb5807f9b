"""Chooses the model bundle that reads a document's languages, and refuses what is not served."""

from collections.abc import Mapping
from typing import TypeVar

from deployments.read_options import NO_STRUCTURE
from models.errors import MalformedRequest
from models.languages import AUTO, closest_names, how_to_install, language_name, languages_read, parse_languages
from models.manifests import BundleManifest
from serve.config.bundle import served_bundles
from serve.config.settings import Settings
from serve.documents.options import OpenDocumentOptions

__all__ = ["served_languages", "with_model"]

Options = TypeVar("Options", bound=OpenDocumentOptions)

# By the identity of the manifests that are served, which are kept with them: to find trained data takes milliseconds.
_known: dict[int, tuple[Mapping[str, BundleManifest], Mapping[str, Mapping[str, str]]]] = {}


def served_languages(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """What each bundle that is served reads, by its name: `net` or `tesseract`, by the language's tag.

    Raises:
        ConfigurationError: A manifest can't be read, or lacks a file of trained data.
    """
    bundles = served_bundles(settings)
    if id(bundles) not in _known:
        _known[id(bundles)] = bundles, {name: languages_read(bundle) for name, bundle in bundles.items()}
    return _known[id(bundles)][1]


def with_model(options: Options, settings: Settings) -> Options:
    """Choose the bundle that reads a document's languages, if the document's options name languages.

    Args:
        options: The options of a document.
        settings: The whole tree.

    Returns:
        The options with `model`. The default bundle comes first if it reads all languages.

    Raises:
        MalformedRequest: No bundle that is served reads them, or not the one that is asked for; or the options ask for
            structure, which is not served.
    """
    if options.structure is not None and settings.structure.enabled is False:
        raise MalformedRequest(NO_STRUCTURE)
    wanted = [] if options.languages is None else [tag for tag in parse_languages(options.languages) if tag != AUTO]
    if not wanted:
        return options
    served = served_languages(settings)
    asked = [options.model] if options.model is not None else list(served)
    for name in asked:
        if set(wanted) <= set(served.get(name, ())):
            return options.model_copy(update={"model": name})
    readers = {tag: [name for name, read in served.items() if tag in read] for tag in wanted}
    if options.model is None and all(readers.values()):
        raise MalformedRequest(f"languages: no model that is served reads all of {', '.join(wanted)} together")
    lacking = [tag for tag in wanted if options.model not in readers[tag]] if options.model else []
    unread = lacking or [tag for tag in wanted if not readers[tag]]
    known = sorted({tag for name in asked for tag in served.get(name, ())})
    near = closest_names(unread[0], known)
    raise MalformedRequest(
        f"languages: {language_name(unread[0])} ({unread[0]}) is not read by {' or '.join(asked)}"
        + (f", but by {' and '.join(readers[unread[0]])}" if readers[unread[0]] else f": {how_to_install(unread)}")
        + (f"; similar names have {', '.join(near)}" if near else "")
        + "; GET /v1/languages tells what is read"
    )
