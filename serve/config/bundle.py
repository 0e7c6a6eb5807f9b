"""Names the model bundles that are served, and checks them before anything starts that needs them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

from models.errors import ConfigurationError, MalformedRequest
from models.languages import AUTO, closest_names, how_to_install, language_name, languages_read, parse_languages
from models.manifests import load_manifest, verified_path
from models.runtime import check_net
from serve.config.settings import Settings
from serve.documents.options import OpenDocumentOptions

__all__ = ["check_bundle", "served_bundles", "served_languages", "with_model"]

Options = TypeVar("Options", bound=OpenDocumentOptions)


def served_bundles(settings: Settings) -> Mapping[str, str]:
    """The name or path of each bundle that is served, by the name by which requests choose it; first the default one.

    Raises:
        ConfigurationError: A manifest can't be read, or two bundles have the same name.
    """
    return _by_name((settings.bundle, *settings.bundles))


@lru_cache(maxsize=8)
def _by_name(bundles: tuple[str, ...]) -> Mapping[str, str]:
    served: dict[str, str] = {}
    for bundle in bundles:
        name = load_manifest(bundle, with_recipes=False).name
        if name in served:
            raise ConfigurationError(f"bundles: {served[name]} and {bundle} have the same name, {name!r}: remove one")
        served[name] = bundle
    return served


def served_languages(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """What each bundle that is served reads, by its name: `net` or `tesseract`, by the language's tag.

    Raises:
        ConfigurationError: A manifest can't be read, or lacks a file of trained data.
    """
    return _languages(tuple(served_bundles(settings).items()))


@lru_cache(maxsize=8)
def _languages(bundles: tuple[tuple[str, str], ...]) -> Mapping[str, Mapping[str, str]]:
    return {name: languages_read(load_manifest(bundle, with_recipes=False)) for name, bundle in bundles}


def with_model(options: Options, settings: Settings) -> Options:
    """Choose the bundle that reads a document's languages, if the document's options name languages.

    Args:
        options: The options of a document.
        settings: The whole tree.

    Returns:
        The options with `model`. The default bundle comes first if it reads all languages.

    Raises:
        MalformedRequest: No bundle that is served reads them, or not the one that is asked for.
    """
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


def check_bundle(settings: Settings, bundle: str) -> str:
    """Check the files and devices of a bundle in a second. A replica would report them deep inside a log.

    Args:
        settings: The whole tree.
        bundle: Name of the bundle, or the path of its manifest.

    Returns:
        Name of the bundle.

    Raises:
        ConfigurationError: A model file is missing or damaged, or a device that was asked for is not there.
    """
    manifest = load_manifest(bundle)
    for file in manifest.files().values():
        verified_path(file)
    for detector in manifest.detectors():
        check_net(settings.detection.net, detector)
    check_net(settings.recognition.net, manifest.recognition)
    return manifest.name
